"""Is what a process says of itself read whole, while it is written and on a disk without room?"""

from __future__ import annotations

import os
import resource
import threading

import pytest

from aedile.store.board import Board, read_board


def test_what_was_said_last_is_read(tmp_path):
    board = Board(tmp_path / "1.board")
    board.post({"said": "first, and at some length " * 20})
    board.post({"said": "then"})
    assert read_board(board.path) == {"said": "then"}


def test_where_nobody_said_anything_nothing_is_read(tmp_path):
    assert read_board(tmp_path / "1.board") is None


def test_nobody_else_may_read_it(tmp_path):
    board = Board(tmp_path / "1.board")
    board.post({})
    assert board.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("size", [0, 5, 12, 20])
def test_what_was_broken_off_is_not_read(tmp_path, size):
    board = Board(tmp_path / "1.board")
    board.post({"said": "something"})
    os.truncate(board.path, size)
    assert read_board(board.path) is None


def test_a_reader_never_sees_half_of_it(tmp_path):
    board = Board(tmp_path / "1.board")
    board.post({"number": 0, "text": ""})
    stop = threading.Event()

    def write():
        number = 0
        while not stop.is_set():
            number += 1
            board.post({"number": number, "text": f"{number} " * 5_000})

    writer = threading.Thread(target=write)
    writer.start()
    try:
        read = [told for told in (read_board(board.path) for _ in range(300)) if told is not None]
    finally:
        stop.set()
        writer.join()
    assert len(read) > 200
    assert all(told["text"] == f"{told['number']} " * 5_000 for told in read if told["number"])


def test_once_it_has_room_it_needs_no_more_and_what_does_not_fit_leaves_what_was_said(tmp_path):
    board = Board(tmp_path / "1.board")
    board.post({"said": "x" * 1_000})
    size = board.path.stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))  # as a full disk: no file may grow
    try:
        board.post({"said": "y" * 1_500})
        assert read_board(board.path) == {"said": "y" * 1_500}
        with pytest.raises(OSError, match="large"):
            board.post({"said": "z" * 10_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert read_board(board.path) == {"said": "y" * 1_500}
