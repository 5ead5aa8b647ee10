"""Who waits while nobody is logged on, and which session is lost."""

import threading

from sapmatch.sap.entrance import Entrance


def test_until_one_call_was_let_in_the_others_wait() -> None:
    entrance = Entrance()
    inside = threading.Event()

    def second() -> None:
        with entrance.passing():
            inside.set()

    thread = threading.Thread(target=second)
    with entrance.passing() as number:
        thread.start()
        assert not inside.wait(0.05)
        entrance.open(number)
        assert inside.wait(5)
    thread.join(5)


def test_a_call_that_failed_lets_the_next_one_try() -> None:
    entrance = Entrance()
    for _ in range(2):
        with entrance.passing():
            pass


def test_only_the_session_that_there_is_can_be_lost() -> None:
    """OD-P12: a reader that is late must not end the session that another has just begun."""
    entrance = Entrance()
    assert entrance.close(1)
    assert not entrance.close(1)
    assert entrance.session == 2


def test_an_answer_from_the_lost_session_opens_nothing() -> None:
    entrance = Entrance()
    with entrance.passing() as lost:
        entrance.close(lost)
        entrance.open(lost)
        assert not entrance._open
        entrance.open(entrance.session)
        assert entrance._open
