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


def measured_of(connection: str, **values: int) -> None:
    """One value of each metric of a connection, which is a dimension of its own; in days."""
    metrics = EphemeralMetrics()
    metrics.add_dimension(name="connection", value=connection)
    for name, value in values.items():
        metrics.add_metric(name=name, unit=MetricUnit.NoUnit, value=value)
    metrics.flush_metrics()
