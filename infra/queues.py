"""A queue with everything that belongs to it: dead letters, alarms, and the function that works it off."""

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.function import Function, alarm

RETENTION = Duration.days(14)
# SQS lets 120,000 messages of a queue be in flight, those waiting for a retry included.
IN_FLIGHT_ALARM = 100_000


class WorkQueue(Construct):
    """Encrypted, TLS only. A message is received `receives` times before it goes to the dead letters.

    `timeout_seconds` is the consumer's; a message stays invisible six times as long, so that none is
    worked on twice at once. `oldest` is the age at which ops are told that the queue does not get worked off.
    """

    def __init__(
        self,
        scope: Construct,
        name: str,
        *,
        key: kms.IKey,
        alarms: sns.ITopic,
        timeout_seconds: int,
        receives: int,
        oldest: Duration,
    ) -> None:
        super().__init__(scope, name)
        self.dead_letters = self._queue("DeadLetters", key)
        self.queue = self._queue(
            "Queue",
            key,
            visibility_timeout=Duration.seconds(timeout_seconds * 6),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=receives),
        )
        self._alarms(alarms, oldest)

    def work_off(self, function: Function, max_concurrency: int, batch_size: int = 10) -> None:
        """Batches to `function`, which reports each failed message by itself."""
        self.mapping = sources.SqsEventSource(
            self.queue, batch_size=batch_size, report_batch_item_failures=True, max_concurrency=max_concurrency
        )
        function.lambda_function.add_event_source(self.mapping)

    def _queue(self, name: str, key: kms.IKey, **more: object) -> sqs.Queue:
        return sqs.Queue(
            self,
            name,
            encryption=sqs.QueueEncryption.KMS,
            encryption_master_key=key,
            data_key_reuse=Duration.hours(1),
            enforce_ssl=True,
            retention_period=RETENTION,
            **more,
        )

    def _alarms(self, topic: sns.ITopic, oldest: Duration) -> None:
        minute = Duration.minutes(1)
        depth = self.dead_letters.metric_approximate_number_of_messages_visible(period=minute, statistic="Maximum")
        age = self.queue.metric_approximate_age_of_oldest_message(period=minute, statistic="Maximum")
        flight = self.queue.metric_approximate_number_of_messages_not_visible(period=minute, statistic="Maximum")
        alarm(self, "DeadLetters", topic, depth, 1)
        alarm(self, "OldestMessage", topic, age, oldest.to_seconds(), 3)
        alarm(self, "InFlight", topic, flight, IN_FLIGHT_ALARM, 3)
