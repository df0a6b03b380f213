"""SNS email subscriptions as AWS has them (MiniStack logs emails, and confirms their subscriptions at once).

* A new email subscription is pending: its address gets the confirmation email, and nothing else until its
  link is opened (or ConfirmSubscription is called with the token).
* Emails go to the inbox (``POST /deliveries``), with AWS's footer, which says how to unsubscribe.
* The links in the emails are pages of this server: ``CONFIRM_PATH`` and ``UNSUBSCRIBE_PATH``.
"""

from __future__ import annotations

import html
import json
import queue
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.responses import set_request_account_id, set_request_region
from ministack.services import sns
from state.journal import Entry, Journal

PROTOCOLS = ("email", "email-json")
CONFIRM_PATH = "/_slipway/sns/confirmation.html"
UNSUBSCRIBE_PATH = "/_slipway/sns/unsubscribe.html"
LONGEST_PAUSE_SECONDS = 5.0

CONFIRMATION = """You have chosen to subscribe to the topic:
{topic_arn}

To confirm this subscription, click or visit the link below (If this was in error no action is necessary):
{url}

Please do not reply directly to this email. If you wish to remove yourself from receiving all future SNS \
subscription confirmation requests please send an email to sns-opt-out.
"""

FOOTER = """

--
If you wish to stop receiving notifications from this topic, please click or visit the link below to \
unsubscribe:
{url}

Please do not reply directly to this email. If you have any questions or comments regarding this email, \
please contact us at https://aws.amazon.com/support
"""

Mail = dict[str, Any]
Subscription = dict[str, Any]
Query = dict[str, list[str]]
Answer = tuple[int, dict[str, str], bytes]  # status, headers, body


class Outbox:
    """Hands emails to the inbox, in order, from a thread of its own; keeps trying while the inbox is away.

    They are in a journal in ``folder`` before ``put`` returns, and handed over after a crash.
    """

    def __init__(self, inbox_url: str, folder: Path) -> None:
        self._url = f"{inbox_url}/deliveries"
        self._mails: queue.Queue[Mail] = queue.Queue()
        self._journal = Journal(folder, self._restore)
        self._journal.apply_since(0)
        # The inbox is on this machine: a proxy from the environment must not be asked for it.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        threading.Thread(target=self._run, daemon=True, name="outbox").start()

    def _restore(self, entries: Iterator[Entry]) -> None:
        for entry in entries:
            match entry:
                case ["put", mail]:
                    self._mails.put(mail)
                case _:
                    self._mails.get_nowait()
                    self._mails.task_done()

    def put(self, mail: Mail) -> None:
        with self._journal.lock:
            self._journal.write("put", mail)
            self._mails.put(mail)

    def drain(self, seconds: float) -> None:
        """Waits until everything is delivered, at most ``seconds``."""
        deadline = time.monotonic() + seconds
        while self._mails.unfinished_tasks and time.monotonic() < deadline:
            time.sleep(0.02)

    def _run(self) -> None:
        while True:
            mail = self._mails.get()
            pause = 0.1
            while not self._delivered(mail):
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            with self._journal.lock:
                self._journal.write("handed over")
                if self._mails.empty():
                    self._journal.drop_before(self._journal.begin_segment())
            self._mails.task_done()

    def _delivered(self, mail: Mail) -> bool:
        content = json.dumps(mail).encode()
        request = urllib.request.Request(self._url, content, {"content-type": "application/json"})
        try:
            self._opener.open(request, timeout=5).close()
        except urllib.error.HTTPError as error:
            answer = f"HTTP {error.code} {error.read().decode(errors='replace')}"
            print(f"inbox: email {mail['messageId']} is refused: {answer}", file=sys.stderr, flush=True)
            return error.code < 500  # refused for good: the emails behind it must not wait
        except OSError as error:
            print(f"inbox: {error}; email {mail['messageId']} is tried again", file=sys.stderr, flush=True)
            return False
        return True


class EmailSubscriptions:
    """Replaces what MiniStack's SNS does for email subscribers. ``cloud_url`` is where the links lead."""

    def __init__(self, cloud_url: str, outbox: Outbox) -> None:
        self._cloud_url = cloud_url
        self._outbox = outbox
        self._subscribe: Callable[[Query], Answer] = sns._subscribe
        self._confirm_subscription: Callable[[Query], Answer] = sns._confirm_subscription
        self._fanout = sns._fanout

    def install(self) -> None:
        sns._subscribe = self.subscribe
        sns._confirm_subscription = self.confirm_subscription
        sns._fanout = self.fanout

    def subscribe(self, params: Query) -> Answer:
        """Subscribe: an email address is pending; each further call then sends another confirmation."""
        protocol, endpoint = sns._p(params, "Protocol"), sns._p(params, "Endpoint")
        if protocol not in PROTOCOLS:
            return self._subscribe(params)
        if "@" not in endpoint:
            refusal: Answer = sns._error("InvalidParameter", "Invalid parameter: Email address", 400)
            return refusal
        topic_arn = sns._normalize_arn(sns._p(params, "TopicArn"))
        known = {subscription["arn"] for subscription in subscriptions_of(topic_arn)}
        answer = self._subscribe(params)
        if answer[0] != 200:
            return answer
        wanted = (protocol, endpoint)
        subscription = next(
            s for s in subscriptions_of(topic_arn) if (s["protocol"], s["endpoint"]) == wanted
        )
        if subscription["arn"] not in known:
            make_pending(subscription)
        if subscription["confirmed"]:
            return answer
        self._outbox.put(self.confirmation(subscription))
        wants_arn = sns._p(params, "ReturnSubscriptionArn").lower() == "true"
        arn = subscription["arn"] if wants_arn else "pending confirmation"
        inner = f"<SubscribeResult><SubscriptionArn>{arn}</SubscriptionArn></SubscribeResult>"
        pending: Answer = sns._xml(200, "SubscribeResponse", inner)
        return pending

    def confirm_subscription(self, params: Query) -> Answer:
        """ConfirmSubscription: AuthenticateOnUnsubscribe turns off the link in the emails' footer."""
        token = sns._p(params, "Token")
        if sns._p(params, "AuthenticateOnUnsubscribe").lower() == "true":
            for subscription in subscriptions_of(sns._p(params, "TopicArn")):
                if token and subscription.get("token") == token:
                    subscription["authenticate_on_unsubscribe"] = True
        return self._confirm_subscription(params)

    def fanout(
        self,
        topic_arn: str,
        msg_id: str,
        message: str,
        subject: str,
        message_structure: str = "",
        message_attributes: dict[str, Any] | None = None,
        **fifo: str,
    ) -> None:
        """Publish: MiniStack's own delivery, then the emails."""
        attributes = message_attributes or {}
        self._fanout(topic_arn, msg_id, message, subject, message_structure, attributes, **fifo)
        for subscription in subscriptions_of(topic_arn):
            if subscription["protocol"] not in PROTOCOLS or not subscription["confirmed"]:
                continue
            text = sns._resolve_message_for_protocol(message, message_structure, subscription["protocol"])
            if sns._matches_filter_policy(subscription, attributes, text):
                self._outbox.put(self.notification(subscription, msg_id, subject, text, attributes))

    def confirmation(self, subscription: Subscription) -> Mail:
        query = {
            "TopicArn": subscription["topic_arn"],
            "Token": subscription["token"],
            "Endpoint": subscription["endpoint"],
        }
        url = f"{self._cloud_url}{CONFIRM_PATH}?{urllib.parse.urlencode(query)}"
        return {
            **envelope(subscription, str(uuid.uuid4()), "AWS Notification - Subscription Confirmation"),
            "body": CONFIRMATION.format(topic_arn=subscription["topic_arn"], url=url),
            "attributes": {},
            "confirmationUrl": url,
        }

    def notification(
        self, subscription: Subscription, message_id: str, subject: str, text: str, attributes: dict[str, Any]
    ) -> Mail:
        query = {"SubscriptionArn": subscription["arn"], "Endpoint": subscription["endpoint"]}
        url = f"{self._cloud_url}{UNSUBSCRIBE_PATH}?{urllib.parse.urlencode(query)}"
        if subscription["protocol"] == "email-json":
            document = json.loads(
                sns._build_envelope(subscription["topic_arn"], message_id, text, subject, attributes, False)
            )
            body = json.dumps({**document, "UnsubscribeURL": url}, indent=2)
        else:
            body = text + FOOTER.format(url=url)
        return {
            **envelope(subscription, message_id, subject or "AWS Notification Message"),
            "body": body,
            "attributes": {name: value.get("StringValue") or "" for name, value in attributes.items()},
            "unsubscribeUrl": url,
        }


def envelope(subscription: Subscription, message_id: str, subject: str) -> Mail:
    return {
        "to": subscription["endpoint"],
        "subject": subject,
        "topicArn": subscription["topic_arn"],
        "messageId": message_id,
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def make_pending(subscription: Subscription) -> None:
    token = uuid.uuid4().hex
    subscription.update(confirmed=False, token=token, confirmation_token=token)
    subscription["attributes"].update(PendingConfirmation="true", ConfirmationWasAuthenticated="false")
    sns._refresh_subscription_counts(sns._topic_by_arn_any_scope(subscription["topic_arn"]))


def subscriptions_of(topic_arn: str) -> list[Subscription]:
    topic = sns._topic_by_arn_any_scope(topic_arn)
    return list(topic["subscriptions"]) if topic else []


def confirmation_page(query: Query) -> tuple[int, str]:
    """The page behind a confirmation link: HTTP status and HTML. Opening it again is fine, as on AWS."""
    topic_arn, token = first(query, "TopicArn"), first(query, "Token")
    for subscription in scoped_subscriptions(topic_arn):
        if not token or subscription.get("confirmation_token") != token:
            continue
        if not subscription["confirmed"]:
            sns._confirm_subscription({"TopicArn": [topic_arn], "Token": [token]})
            subscription["attributes"]["ConfirmationWasAuthenticated"] = "false"
        return page(
            200,
            "Subscription confirmed!",
            f"You have subscribed {subscription['endpoint']} to the topic {topic_arn}.",
            f"Your subscription's id is {subscription['arn']}.",
        )
    return page(
        404,
        "This link does not work",
        "The subscription or its topic is gone, or the link is not whole. Subscribe again to get a new link.",
    )


def unsubscribe_page(query: Query) -> tuple[int, str]:
    """The page behind an email's unsubscribe link: HTTP status and HTML."""
    arn = first(query, "SubscriptionArn")
    topic_arn = arn.rpartition(":")[0]
    for subscription in scoped_subscriptions(topic_arn):
        if subscription["arn"] != arn:
            continue
        if subscription.get("authenticate_on_unsubscribe"):
            return page(
                403,
                "Sign in to unsubscribe",
                "This subscription can only be ended with AWS credentials: aws sns unsubscribe "
                f"--subscription-arn {arn}",
            )
        sns._unsubscribe({"SubscriptionArn": [arn]})
        return page(
            200,
            "Subscription removed!",
            f"{subscription['endpoint']} gets nothing more from the topic {topic_arn}.",
        )
    return page(404, "No such subscription", f"There is no subscription {arn}, or it has been ended before.")


def scoped_subscriptions(topic_arn: str) -> list[Subscription]:
    """The topic's subscriptions, in the scope of the topic's account from now on: links carry no identity."""
    try:
        topic = parse_arn(topic_arn)
    except ArnParseError:
        return []
    set_request_account_id(topic.account_id)
    set_request_region(topic.region)
    return subscriptions_of(topic_arn)


def first(query: Query, name: str) -> str:
    return query.get(name, [""])[0]


def page(status: int, title: str, *paragraphs: str) -> tuple[int, str]:
    text = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
    return status, (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<h1>{html.escape(title)}</h1>{text}</html>"
    )
