"""The trace of every start of a stream: which stage was reached when, and what failed. The last 20 of each point."""

from collections import defaultdict, deque
from dataclasses import dataclass, field

from fengtai.domain.live.model import Stage, StageTime, StreamTrace
from fengtai.vocabulary.clock import Clock

KEPT_PER_POINT = 20


@dataclass
class Trace:
    """One start, being written."""

    stream_id: str
    point_id: str
    stages: list[StageTime] = field(default_factory=list)
    failed: str = ""
    fix: str = ""

    def has(self, stage: Stage) -> bool:
        return any(one.stage is stage for one in self.stages)


class TraceBook:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_point: dict[str, deque[Trace]] = defaultdict(lambda: deque(maxlen=KEPT_PER_POINT))

    def begin(self, stream_id: str, point_id: str) -> Trace:
        trace = Trace(stream_id, point_id)
        self._by_point[point_id].appendleft(trace)
        return trace

    def reached(self, trace: Trace, stage: Stage, detail: str) -> StageTime:
        time = StageTime(stage=stage, at=self._clock.now().utc, detail=detail)
        trace.stages.append(time)
        return time

    def failed(self, trace: Trace, cause: str, fix: str) -> None:
        trace.failed, trace.fix = cause, fix
        self.reached(trace, Stage.FAILED, cause)

    def of(self, point_id: str) -> list[StreamTrace]:
        return [
            StreamTrace(
                stream_id=trace.stream_id,
                point_id=trace.point_id,
                started_at=trace.stages[0].at,
                stages=tuple(trace.stages),
                failed=trace.failed,
                fix=trace.fix,
            )
            for trace in self._by_point.get(point_id, ())
            if trace.stages
        ]
