"""The replayed world: each line at its time, and between the lines whatever was due."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from counterfoil.domain.transactions import Transaction
from counterfoil.errors import Invalid, Problem
from infra.sandbox.replay.intake import Intake, NotKept, ReceiptTaken
from infra.sandbox.replay.lines import Line
from infra.sandbox.replay.matcher import Matcher
from infra.sandbox.replay.payments import Payments
from infra.sandbox.replay.problems import Problems
from infra.sandbox.replay.receipts import Receipts

SWEPT_EVERY = timedelta(days=1)


class World:
    def __init__(self, intake: Intake, matcher: Matcher, problems: Problems) -> None:
        self._intake, self._matcher, self._problems = intake, matcher, problems
        self._payments = Payments(matcher)
        self._receipts = Receipts(matcher, self._payments)
        self._swept: datetime | None = None

    def take(self, lines: Sequence[Line]) -> None:
        """All of these, each at its time and after all that was due before it. What is due just then sees it."""
        for line, said in [(line, self._said(line)) for line in lines]:
            self._pass_time(line)
            for each in said:
                if isinstance(each, Transaction):
                    self._payments.take(each)
                else:
                    self._receipts.take(each)

    def end(self) -> None:
        """Time runs on until nothing is due; what is undecided then is left over."""
        matcher = self._matcher
        while matcher.alarms:
            self._ring()
        for record in matcher.rendezvous.records():
            matcher.results.left_over(record)

    def _said(self, line: Line) -> Sequence[Transaction | ReceiptTaken]:
        """What a line says; what is wrong with it is reported."""
        try:
            return [self._intake.transaction(line)] if line.source == "transactions" else self._receipts_in(line)
        except Invalid as error:
            self._refuse(line, error)
        except NotKept as reason:
            self._matcher.results.counts[str(reason)] += 1
        return []

    def _receipts_in(self, line: Line) -> list[ReceiptTaken]:
        if line.sender not in self._intake.shops.retailers:
            self._problems.report(line.source, line.number, (Problem("retailer", "is not registered"),))
            return []
        found = []
        for receipt in self._intake.receipts(line):
            if isinstance(receipt, Invalid):
                self._refuse(line, receipt)
                continue
            if doubted := sum(tender.doubted for tender in receipt.tenders):
                self._matcher.results.counts["tenders doubted"] += doubted
            found.append(receipt)
        return found

    def _pass_time(self, line: Line) -> None:
        matcher = self._matcher
        while matcher.alarms.next_due < line.at:
            self._ring()
        matcher.now = line.at
        if self._swept is None or line.at - self._swept >= SWEPT_EVERY:
            self._swept = line.at
            matcher.end_lives()

    def _ring(self) -> None:
        self._matcher.now, action, what = self._matcher.alarms.pop()
        action(*what)

    def _refuse(self, line: Line, error: Invalid) -> None:
        problems = tuple(
            Problem(f"body.{problem.field}" if problem.field else "body", problem.message) for problem in error.problems
        )
        self._problems.report(line.source, line.number, problems)
