"""Message-IDs: the same for the same version, recognised in replies, never those of others."""

from __future__ import annotations

from alerts.delivery.thread import digest_identity, is_ours, message_identity, parse_message_id, quoted_ids
from alerts.mail.frame.case_message import message_id
from tests.alerts.delivery.build import notice

STORE = "0123456789abcdef"
SENDER = "skyground <sky@example.org>"


def test_every_version_that_was_sent_is_recognised() -> None:
    item = notice(id=42, wanted=3)
    found = [message_id(message_identity(STORE, item, version), SENDER) for version in (1, 2, 3)]
    assert len(set(found)) == 3
    assert [parse_message_id(text) for text in found] == [(42, 1), (42, 2), (42, 3)]
    assert all(is_ours(text, STORE, item) for text in found)


def test_ids_of_another_store_notice_or_a_version_to_come_are_not_ours() -> None:
    item = notice(id=42, wanted=3)
    assert not is_ours(message_id(message_identity("f" * 16, item, 2), SENDER), STORE, item)
    assert not is_ours(message_id(message_identity(STORE, item, 4), SENDER), STORE, item)
    assert not is_ours(message_id(message_identity(STORE, notice("wang", id=42), 2), SENDER), STORE, item)
    assert not is_ours("<skyground.42.2.deadbeef@example.org>", STORE, item)
    assert parse_message_id("<hello@example.org>") is None


def test_a_digest_has_one_id_whatever_the_order() -> None:
    one, two = notice(id=1), notice("li-na", id=2)
    assert digest_identity(STORE, [(one, 1), (two, 2)]) == digest_identity(STORE, [(two, 2), (one, 1)])
    assert digest_identity(STORE, [(one, 1), (two, 2)]) != digest_identity(STORE, [(one, 1), (two, 3)])


def test_quoted_ids_keep_their_order() -> None:
    assert quoted_ids("<b@x>", "<a@x>\r\n <b@x> rubbish") == ("<b@x>", "<a@x>")
