"""Replies by mail: words of both languages, quoted text, and mails of programs."""

from __future__ import annotations

from email import message_from_string
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.delivery.reply import MailReply, ReplyWish, parse_reply, read_wish, strip_quote

OWN = ("skyground <sky@example.org>",)


def reply(text: str, **headers: str) -> MailReply:
    message = EmailMessage()
    for name, value in ({"From": "Li <Li.Na@example.org>", "Message-ID": "<r@x>"} | headers).items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return parse_reply(message, OWN)


@pytest.mark.parametrize(
    ("text", "wish"),
    [
        ("taken", ReplyWish.TAKE),
        ("Taken, on my way\nLi", ReplyWish.TAKE),
        ("收到", ReplyWish.TAKE),
        ("收到！马上去", ReplyWish.TAKE),
        ("我来处理", ReplyWish.TAKE),
        ("ACK", ReplyWish.TAKE),
        ("Not mine.", ReplyWish.DECLINE),
        ("不是我的班", ReplyWish.DECLINE),
        ("mistaken?", ReplyWish.COMMENT),
        ("我来不了，请转王伟", ReplyWish.COMMENT),
        ("收到，但不是我的站", ReplyWish.COMMENT),
        ("Mine? No, I cannot go", ReplyWish.COMMENT),
        ("Taken.\nI can't say when it ends", ReplyWish.TAKE),
        ("The inlet was blocked", ReplyWish.COMMENT),
        ("", ReplyWish.COMMENT),
    ],
)
def test_the_first_words_say_what_is_asked_for(text: str, wish: ReplyWish) -> None:
    assert read_wish(text)[0] is wish


def test_a_comment_loses_the_word_that_begins_it() -> None:
    assert read_wish("备注：已更换滤膜") == (ReplyWish.COMMENT, "已更换滤膜")


@pytest.mark.parametrize(
    "quote",
    [
        "> [critical] Shenyang 1 PM2.5",
        "On Sun, 29 Nov 2026 at 20:01, skyground <sky@example.org> wrote:\n> taken",
        "在 2026年11月29日，skyground <sky@example.org> 写道：\n> x",
        "-----Original Message-----\nFrom: skyground",
        "------------------ 原始邮件 ------------------\n发件人: skyground",
        "发件人：skyground <sky@example.org>\n主题：x",
        "________________________________\nFrom: sky",
        "-- \nLi Na, desk",
    ],
)
def test_quoted_mail_and_signature_are_left_out(quote: str) -> None:
    assert strip_quote(f"taken\n\n{quote}\nnot mine") == "taken"


def test_a_reply_is_read_from_its_mail() -> None:
    found = reply("taken\n> not mine", In_Reply_To="<a@x>", References="<first@x> <a@x>")
    assert (found.sender, found.answers) == ("li.na@example.org", ("<a@x>", "<first@x>"))
    assert (found.wish, found.text, found.is_automatic) == (ReplyWish.TAKE, "taken", False)


def test_a_reply_that_is_html_only_is_read() -> None:
    message = EmailMessage()
    message["From"] = "li.na@example.org"
    message.set_content("<head><style>p{}</style></head><p>taken</p><blockquote>not mine</blockquote>", subtype="html")
    assert parse_reply(message, OWN).text == "taken"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; type=x"},
        {"Precedence": "bulk"},
        {"Precedence": "list"},
        {"X_Auto_Response_Suppress": "All"},
        {"List_Id": "<x.example.org>"},
        {"Return_Path": "<>"},
        {"From": "SKY@example.org"},
    ],
)
def test_mails_of_programs_are_recognised(headers: dict[str, str]) -> None:
    assert reply("taken", **headers).is_automatic


def test_a_mail_that_says_it_is_of_a_person_is_none_of_a_program() -> None:
    assert not reply("taken", Auto_Submitted="no").is_automatic


@given(st.text(max_size=400))
def test_no_mail_raises(text: str) -> None:
    parse_reply(message_from_string(text, EmailMessage, policy=default), OWN)
    strip_quote(text)
    read_wish(text)


def test_a_mail_of_several_senders_is_of_none_of_them() -> None:
    found = reply("taken", From="Li <li.na@example.org>, mallory@example.net")
    assert (found.sender, found.is_automatic) == ("", True)
