"""Where does an installation keep what must outlive it?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The folders and files of one installation, all below one root. Nothing is made before `prepare`."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The embedded PostgreSQL: data, socket, lock and log."""
        return self.root / "postgres"

    @property
    def shelf(self) -> Path:
        """The last good published artefacts."""
        return self.root / "published"

    @property
    def entities_log(self) -> Path:
        """Changes of entities that have been accepted, in the order in which every worker applies them."""
        return self.root / "entities.sqlite"

    @property
    def exposures_log(self) -> Path:
        """What workers tell each other of exposures, once a second."""
        return self.root / "exposures.sqlite"

    @property
    def journal(self) -> Path:
        """Decisions on arrival, one file a writer."""
        return self.root / "journal"

    @property
    def decisions(self) -> Path:
        """Sealed decisions as Parquet, by date and market."""
        return self.root / "decisions"

    @property
    def facts(self) -> Path:
        """Sealed facts as Parquet: `<kind>/date=…/market=…/`, by local date."""
        return self.root / "facts"

    @property
    def intake(self) -> Path:
        """Facts on arrival, one file a writer, until they are sealed."""
        return self.root / "intake"

    @property
    def facts_state(self) -> Path:
        """Which files of facts there are, and what was refused."""
        return self.root / "facts.sqlite"

    @property
    def fact_ids(self) -> Path:
        """Hashes of the ids of all facts that were sealed."""
        return self.root / "fact-ids"

    @property
    def secrets(self) -> Path:
        """Keys of pseudonyms; nobody else may look into it."""
        return self.root / "secrets"

    @property
    def uploads(self) -> Path:
        """Files that people sent, until they are worked in."""
        return self.root / "uploads"

    @property
    def workers(self) -> Path:
        """What the processes of the server last said of themselves."""
        return self.root / "workers"

    def prepare(self) -> Home:
        """Make the folders that are missing; only their owner may look into them, but PostgreSQL's user passes."""
        self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
        private = (
            self.shelf, self.journal, self.decisions, self.intake, self.facts, self.fact_ids, self.secrets,
            self.workers, self.uploads,
        )  # fmt: skip
        for folder in private:
            folder.mkdir(mode=0o700, exist_ok=True)
        return self
