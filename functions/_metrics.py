"""Counts and ages for CloudWatch, as lines of the log in its embedded metric format."""

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit


def measured(**counts: int) -> None:
    """One value of each metric; namespace and service come from the environment that infra sets."""
    metrics = EphemeralMetrics()
    for name, value in counts.items():
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
    metrics.flush_metrics()


def aged(**seconds: int) -> None:
    """One age of each metric, in seconds."""
    metrics = EphemeralMetrics()
    for name, value in seconds.items():
        metrics.add_metric(name=name, unit=MetricUnit.Seconds, value=value)
    metrics.flush_metrics()
