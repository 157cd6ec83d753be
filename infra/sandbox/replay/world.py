"""The replayed world: each line at its time, and between the lines whatever was due."""

from datetime import datetime, timedelta

from counterfoil.errors import Invalid, Problem
from infra.sandbox.replay.intake import Intake, NotKept
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

    def take(self, line: Line) -> None:
        """One line, after all that was due before it. What is due just then sees it."""
        self._pass_time(line)
        try:
            if line.source == "transactions":
                self._payments.take(self._intake.transaction(line))
            else:
                self._take_receipts(line)
        except Invalid as error:
            self._refuse(line, error)
        except NotKept as reason:
            self._matcher.results.counts[str(reason)] += 1

    def end(self) -> None:
        """Time runs on until nothing is due; what is undecided then is left over."""
        matcher = self._matcher
        while matcher.alarms:
            self._ring()
        for record in matcher.rendezvous.records():
            matcher.results.left_over(record)

    def _take_receipts(self, line: Line) -> None:
        if line.sender not in self._intake.shops.retailers:
            problem = Problem("retailer", "is not registered")
            self._problems.report(line.source, line.number, (problem,))
            return
        for taken in self._intake.receipts(line):
            if isinstance(taken, Invalid):
                self._refuse(line, taken)
            else:
                self._matcher.results.counts.update("tenders doubted" for tender in taken.tenders if tender.doubted)
                self._receipts.take(taken)

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
