"""Which traces are kept, and what a client can do about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.context import Context
from opentelemetry.sdk.trace.sampling import Decision, TraceIdRatioBased
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    TraceFlags,
    format_trace_id,
    set_span_in_context,
)

from observability.otlp.otel_settings import load_sampling_ratio
from observability.traces.sampling import Sampling
from service.protocol.trace import TraceContext
from service.settings import SettingsError

TRACE_IDS = st.integers(min_value=1, max_value=2**128 - 1)
RANDOM_BITS = st.integers(min_value=0, max_value=2**64 - 1)
RATIOS = st.floats(min_value=0, max_value=1)


def client(trace_id: int, *, sampled: bool) -> TraceContext:
    return TraceContext(format_trace_id(trace_id), "cd" * 8, sampled)


@given(trace_id=TRACE_IDS, ratio=RATIOS)
def test_the_decision_for_a_trace_id_is_that_of_opentelemetry(trace_id: int, ratio: float) -> None:
    rule = TraceIdRatioBased(ratio).should_sample(None, trace_id, "")
    assert Sampling(ratio).samples(format_trace_id(trace_id), None) == (rule.decision is Decision.RECORD_AND_SAMPLE)


@given(trace_id=TRACE_IDS, ratio=RATIOS, bits=RANDOM_BITS)
def test_the_decision_for_a_trace_of_a_client_is_random(trace_id: int, ratio: float, bits: int) -> None:
    sampling = Sampling(ratio, lambda _bits: bits)
    sampled = TraceIdRatioBased(ratio).should_sample(None, bits, "").decision is Decision.RECORD_AND_SAMPLE
    assert sampling.samples(format_trace_id(trace_id), client(trace_id, sampled=True)) == sampled
    assert not sampling.samples(format_trace_id(trace_id), client(trace_id, sampled=False))


@given(trace_id=TRACE_IDS, ratio=RATIOS, bits=RANDOM_BITS, parent=st.sampled_from([None, True, False]))
def test_the_sampler_of_http_routes_follows_the_same_rule(
    trace_id: int, ratio: float, bits: int, parent: bool | None
) -> None:
    sampling = Sampling(ratio, lambda _bits: bits)
    context, remote = Context(), None
    if parent is not None:
        remote = client(trace_id, sampled=parent)
        span_context = SpanContext(trace_id, 1, is_remote=True, trace_flags=TraceFlags(parent))
        context = set_span_in_context(NonRecordingSpan(span_context), context)
    decision = sampling.sampler().should_sample(context, trace_id, "GET /", SpanKind.SERVER).decision
    sampled = decision is Decision.RECORD_AND_SAMPLE
    assert sampled == sampling.samples(format_trace_id(trace_id), remote)


@pytest.mark.parametrize(
    ("sampler", "argument", "ratio"),
    [
        ("", "", 1),
        ("always_on", "0.5", 1),
        ("always_off", "", 0),
        ("traceidratio", "0.25", 0.25),
        ("traceidratio", "", 1),
        ("parentbased_always_on", "", 1),
        ("parentbased_always_off", "", 0),
        (" ParentBased_TraceIdRatio ", " 0.1 ", 0.1),
    ],
)
def test_the_standard_samplers_set_the_ratio(
    monkeypatch: pytest.MonkeyPatch, sampler: str, argument: str, ratio: float
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", argument)
    assert load_sampling_ratio() == ratio


@pytest.mark.parametrize(
    ("sampler", "argument", "message"),
    [
        ("jaeger_remote", "", "OTEL_TRACES_SAMPLER='jaeger_remote' is not allowed: it must be one of always_on"),
        ("traceidratio", "10%", "OTEL_TRACES_SAMPLER_ARG='10%' is not allowed: it must be a number from 0 to 1"),
        ("traceidratio", "1.5", "OTEL_TRACES_SAMPLER_ARG='1.5' is not allowed"),
        ("traceidratio", "nan", "OTEL_TRACES_SAMPLER_ARG='nan' is not allowed"),
    ],
)
def test_any_other_sampler_is_an_invalid_setting(
    monkeypatch: pytest.MonkeyPatch, sampler: str, argument: str, message: str
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", argument)
    with pytest.raises(SettingsError) as caught:
        load_sampling_ratio()
    assert str(caught.value).startswith(message)
