"""Buckets, retention, mappings and tokens on real servers: InfluxDB 1.x, and 2.x where one is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from influxdb_client.domain.bucket import Bucket as BucketBody
from influxdb_client.domain.dbrp_create import DBRPCreate
from influxdb_client.service.dbr_ps_service import DBRPsService
from pydantic import SecretStr

from store.error import StoreAccessError, StoreError, StoreMissingError
from store.influx.bucket.access import try_access
from store.influx.bucket.plan import apply, ensure_buckets, plan, read_states
from store.influx.bucket.step import BucketAction, parse_span, span_text
from store.influx.bucket.v2 import organisation_id
from store.influx.http import Bucket, InfluxHttp
from store.influx.token import READS, WRITES, TokenOwner, create_token, list_tokens, revoke_token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
DAY_S = 86_400


@pytest.fixture(params=["1.x", "2.x"])
def http(request: pytest.FixtureRequest) -> Iterator[InfluxHttp]:
    opened = InfluxHttp(request.getfixturevalue("settings" if request.param == "1.x" else "influx2_settings"))
    yield opened
    opened.close()


@pytest.fixture
def http2(influx2_settings: SharedSettings) -> Iterator[InfluxHttp]:
    opened = InfluxHttp(influx2_settings)
    yield opened
    opened.close()


def kept(http: InfluxHttp) -> dict[str, int | None]:
    return {str(state.bucket): state.keep_s for state in read_states(http)}


def test_a_plan_is_empty_once_it_is_applied(http: InfluxHttp) -> None:
    steps = plan(http, {Bucket.OPS: 90 * DAY_S})
    assert {step.bucket for step in steps if step.kind is BucketAction.CREATE} == set(Bucket)
    apply(http, steps)
    assert plan(http, {Bucket.OPS: 90 * DAY_S}) == []
    assert kept(http) == {"native": 0, "hourly": 0, "product": 0, "ops": 90 * DAY_S}


def test_retention_is_changed_both_ways_and_only_the_shorter_one_deletes(http: InfluxHttp) -> None:
    ensure_buckets(http)
    (shorter,) = plan(http, {Bucket.NATIVE: 730 * DAY_S})
    assert (shorter.kind, shorter.deletes) == (BucketAction.KEEP_SHORTER, True)
    assert "730d instead of for ever: DELETES" in str(shorter)
    apply(http, [shorter])
    (longer,) = plan(http, {Bucket.NATIVE: 800 * DAY_S})
    (forever,) = plan(http, {Bucket.NATIVE: 0})
    assert [longer.deletes, forever.deletes] == [False, False]
    apply(http, [forever])
    assert kept(http)["native"] == 0


def test_a_retention_that_is_not_named_stays(http: InfluxHttp) -> None:
    apply(http, plan(http, {Bucket.NATIVE: 30 * DAY_S}))
    ensure_buckets(http)
    assert kept(http)["native"] == 30 * DAY_S


def test_other_tools_read_by_the_database_alone(http: InfluxHttp) -> None:
    ensure_buckets(http)
    assert http.post_lines(Bucket.NATIVE, b"gas,station=a so2=5 1795305600000000000").status < 300
    assert http.query_json("SELECT so2 FROM gas")[0]["values"] == [[1795305600000000000, 5]]


def test_access_to_absent_buckets_is_named_without_making_them(http: InfluxHttp) -> None:
    found = try_access(http)
    assert all(item.cannot_write and item.cannot_read for item in found)
    ensure_buckets(http)
    assert not any(item.cannot_write or item.cannot_read for item in try_access(http))


@pytest.mark.parametrize(
    ("text", "seconds"), [("730d", 730 * DAY_S), ("48h", 48 * 3600), ("2w", 14 * DAY_S), ("0", 0), ("forever", 0)]
)
def test_spans_are_read(text: str, seconds: int) -> None:
    assert parse_span(text) == seconds
    assert parse_span(span_text(seconds).replace("for ever", "forever")) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-3d", "30m", "1.5d", "9999999999d"])
def test_other_spans_are_refused_with_the_accepted_forms(text: str) -> None:
    with pytest.raises(ValueError, match="expected a retention"):
        parse_span(text)


def test_an_organisation_that_is_absent_is_named_with_those_there_are(influx2_settings: SharedSettings) -> None:
    http = InfluxHttp(influx2_settings.model_copy(update={"influx_org": "nobody"}))
    with pytest.raises(
        StoreMissingError, match=rf"no organisation 'nobody'.*{influx2_settings.influx_org}.*not created"
    ):
        plan(http, {})
    assert all("set SKYGROUND_INFLUX_ORG" in item.cannot_write for item in try_access(http))


def test_a_mapping_to_another_bucket_is_refused_with_advice_and_replaced_on_request(http2: InfluxHttp) -> None:
    org_id = organisation_id(http2)
    other = http2.client.buckets_api().create_bucket(
        BucketBody(name=f"{http2.database}/other", org_id=org_id, retention_rules=[])
    )
    body = DBRPCreate(
        org_id=org_id, bucket_id=other.id, database=http2.database, retention_policy="native", default=True
    )
    DBRPsService(http2.client.api_client).post_dbrp(body)
    with pytest.raises(StoreError, match=r"mapped to bucket .*/other, .*migrate --remap"):
        plan(http2, {})
    apply(http2, plan(http2, {}, remap=True))
    assert plan(http2, {}) == []


def with_token(settings: SharedSettings, secret: str) -> InfluxHttp:
    return InfluxHttp(settings.model_copy(update={"influx_token": SecretStr(secret)}))


@pytest.mark.parametrize("part", list(TokenOwner))
def test_a_token_does_what_its_part_needs_and_no_more(
    influx2_settings: SharedSettings, http2: InfluxHttp, part: TokenOwner
) -> None:
    ensure_buckets(http2)
    made = create_token(http2, part)
    weak = with_token(influx2_settings, made.secret)
    found = try_access(weak)
    assert {item.bucket for item in found if not item.cannot_write} == WRITES[part]
    assert {item.bucket for item in found if not item.cannot_read} == READS[part]
    with pytest.raises(StoreAccessError, match="cannot administer"):
        plan(weak, {})
    assert made.id in {item.id for item in list_tokens(http2)}
    assert revoke_token(http2, made.id).part == str(part)
    assert all("refuses the credentials" in item.cannot_write for item in try_access(weak))


def test_tokens_are_of_2x_alone(settings: SharedSettings) -> None:
    with pytest.raises(StoreError, match=r"1\.x has users"):
        create_token(InfluxHttp(settings), TokenOwner.CONSOLE)
