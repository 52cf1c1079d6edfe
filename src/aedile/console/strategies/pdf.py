"""How is a dossier filed? As a PDF, with a font that has the scripts of most markets."""

from __future__ import annotations

import io
from functools import cache
from html import escape
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer

from aedile.console.strategies.dossier import Dossier

_FONT = Path(__file__).parent / "fonts" / "DejaVuSans.ttf"
_CJK = "STSong-Light"


@cache
def _style(size: float, space: float = 2.0) -> ParagraphStyle:
    registerFont(TTFont("DejaVuSans", str(_FONT)))
    registerFont(UnicodeCIDFont(_CJK))
    return ParagraphStyle(f"s{size}", fontName="DejaVuSans", fontSize=size, leading=size * 1.4, spaceAfter=space * mm)


def pdf_of(dossier: Dossier) -> bytes:
    """The dossier's pages."""
    out = io.BytesIO()
    version = dossier.version
    document = SimpleDocTemplate(
        out, pagesize=A4, title=f"{version}: {version.title}", author="aedile", leftMargin=20 * mm, rightMargin=20 * mm
    )
    document.build(_flow(dossier))
    return out.getvalue()


def _flow(dossier: Dossier) -> list[Flowable]:
    version, proof = dossier.version, dossier.proof
    flow: list[Flowable] = [_line(f"{version}", 18), _line(version.title, 12)]
    flow.append(_line(f"{version.stage} · {version.tier} · {version.action} · {' '.join(version.markets)}", 9))
    for head, lines in (
        ("Why", [str(version.body.get("why", ""))]),
        ("Reach", [*dossier.reach, dossier.counted]),
        ("Backtest", _backtest(dossier)),
        ("Budget and end", [f"budget: {version.body.get('budget') or '–'}", f"expires: {version.expires or '–'}"]),
        ("Conflicts", [meeting.conflict.message for meeting in proof.meetings] or ["none found"]),
        (
            "Approvals",
            [f"{'yes' if a.approves else 'no'}: {a.person} {a.at:%Y-%m-%d %H:%M}Z {a.note}" for a in dossier.approvals]
            or [f"none yet; {dossier.missing} needed"],
        ),
        ("Changes", [f"{d.key}: {_short(d.before_text)} → {_short(d.after_text)}" for d in dossier.differences]),
        ("Text", dossier.text.splitlines()),
    ):
        flow += [Spacer(1, 3 * mm), _line(head, 12), *(_line(line, 8.5, 0.5) for line in lines)]
    flow.append(_line(f"As at {dossier.at:%Y-%m-%d %H:%M}Z", 8))
    return flow


def _backtest(dossier: Dossier) -> list[str]:
    found = dossier.backtest
    about = [f"{found.asked:%Y-%m-%d %H:%M}Z, against release {found.release}, {found.person}"] if found else []
    return [*dossier.backtested, *about]


def _short(text: str) -> str:
    return text if len(text) <= 300 else f"{text[:300]}…"


def _line(text: str, size: float, space: float = 2.0) -> Paragraph:
    return Paragraph(_marked(text), _style(size, space))


def _marked(text: str) -> str:
    """Text for a paragraph; what the font has no glyphs for is set in another."""
    parts: list[str] = []
    for char in text:
        escaped = escape(char, quote=False)
        parts.append(f'<font name="{_CJK}">{escaped}</font>' if "\u2e80" <= char <= "\uffef" else escaped)
    return "".join(parts).replace("  ", "\u00a0 ")
