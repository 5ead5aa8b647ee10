"""Whatever must not happen wakes somebody up."""

from tests.infra.templates import Templates

ALARM = "AWS::CloudWatch::Alarm"


def test_every_dead_letter_queue_has_an_alarm(prod: Templates) -> None:
    """RE-6, RE-7: nothing is lost without a word."""
    queues = [title for title in prod.of_type("AWS::SQS::Queue") if "DeadLetters" in title]
    alarms = [title for title in prod.of_type(ALARM) if "DeadLetters" in title]
    assert len(queues) == len(alarms) == 12


def test_every_machine_has_an_alarm_for_failures_and_one_for_time_outs(prod: Templates) -> None:
    metrics = [alarm["MetricName"] for alarm in prod.of_type(ALARM).values()]
    assert metrics.count("ExecutionsFailed") == metrics.count("ExecutionsTimedOut") == 4


def test_an_extraction_that_fails_again_and_again_is_one_alarm(prod: Templates) -> None:
    """RE-21: its runs are due every few minutes; the mail of the first one tells why."""
    alarm = prod.one(ALARM, "ExtractionFailed")
    assert alarm["Period"] == 86_400
    assert prod.one(ALARM, "WriteBackFailed")["Period"] == 300


def test_what_the_sweep_finds_is_reported_and_so_is_a_sweep_that_fails(prod: Templates) -> None:
    """RE-2"""
    found = prod.one(ALARM, "SweepFound")
    assert (found["Namespace"], found["Threshold"]) == ("sapmatch", 0)
    assert prod.one(ALARM, "SweepGapsFailed")["MetricName"] == "Errors"


def test_an_exception_that_nobody_is_told_for_an_hour_is_reported(prod: Templates) -> None:
    """RE-28: and so is a digest that fails."""
    alarm = prod.one(ALARM, "OldestUnsentException")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("OldestUnsentExceptionSeconds", 3600)
    assert prod.one(ALARM, "SendDigestFailed")["MetricName"] == "Errors"


def test_an_address_that_gets_no_mails_is_reported(prod: Templates) -> None:
    """RE-28"""
    assert prod.one(ALARM, "UnreadMails")["MetricName"] == "UnreadMailAddresses"


def test_a_write_that_stays_unknown_for_half_an_hour_is_reported(prod: Templates) -> None:
    alarm = prod.one(ALARM, "OldestUnknownIntent")
    assert (alarm["Namespace"], alarm["Threshold"]) == ("sapmatch", 1800)
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "sapmatch-prod"}]


def test_a_write_that_is_held_back_for_two_hours_is_reported(prod: Templates) -> None:
    """RE-23: a hold that somebody forgot, or a SAP system that nobody misses."""
    alarm = prod.one(ALARM, "OldestHeldIntent")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("OldestHeldIntentSeconds", 7200)


def test_a_difference_between_our_books_and_sap_is_reported(prod: Templates) -> None:
    """RE-33: and so is an audit, or a reading back, that does not happen."""
    for name, minutes in (("AuditDifferences", 5), ("FlowsNotAudited", 5)):
        alarm = prod.one(ALARM, name)
        assert (alarm["MetricName"], alarm["Threshold"]) == (name, 0)
        assert alarm["EvaluationPeriods"] * alarm["Period"] == minutes * 60
    stuck = prod.one(ALARM, "FlowsNotReconciled")
    assert stuck["EvaluationPeriods"] * stuck["Period"] == 3600
    assert prod.one(ALARM, "AuditWritesFailed")["MetricName"] == "Errors"
    failing = prod.one(ALARM, "ReconcileIntentsFailed")
    assert failing["MetricName"] == "Errors"
    assert failing["EvaluationPeriods"] * failing["Period"] == 3600


def test_metrics_and_alarm_agree_on_the_name_of_the_service(prod: Templates) -> None:
    function = prod.one("AWS::Lambda::Function", "ReconcileIntents")
    variables = function["Environment"]["Variables"]
    assert variables["POWERTOOLS_SERVICE_NAME"] == "sapmatch-prod"
    assert variables["POWERTOOLS_METRICS_NAMESPACE"] == "sapmatch"


def test_callers_of_sap_are_watched_for_throttling(prod: Templates) -> None:
    """RE-13"""
    throttled = [a for a in prod.of_type(ALARM).values() if a["MetricName"] == "Throttles"]
    assert len(throttled) == 8


def test_documents_that_wait_for_the_rate_of_textract_for_an_hour_are_reported(
    prod: Templates,
) -> None:
    """RE-14: nothing fails for it, so nobody else would say it."""
    alarm = prod.one(ALARM, "ReadDocumentThrottled")
    assert (alarm["MetricName"], alarm["Threshold"]) == ("ReadThrottled", 0)
    assert alarm["EvaluationPeriods"] * alarm["Period"] == 3600


def test_every_alarm_mails_and_says_what_happened(prod: Templates) -> None:
    for title, alarm in prod.of_type(ALARM).items():
        assert alarm["AlarmActions"], title
        assert alarm["AlarmDescription"].endswith("."), title
        assert alarm["TreatMissingData"] == "notBreaching", title
