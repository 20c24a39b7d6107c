"""The folder of a run: checkpoint, state, and the curve of losses and validations by epoch."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from jetseg_core.atomic_file import replacing
from jetseg_core.errors import JetSegError, one_line
from jetseg_core.network.checkpoint import read_tensors, write_atomically
from jetseg_core.output_places import check_apart, check_replaceable
from jetseg_core.training.train_config import TrainConfig

_SCORES = {"val_miou": "val mIoU", "source_mean": "agreement on held-out recordings"}
_NOT_LOSSES = ("epoch", "seconds", *_SCORES)


class RunFolder:
    """Files that a run writes into ``config.out``.

    Raises:
        JetSegError: the folder is, holds or lies in the data set, or one of its files is a link, or a checkpoint that
            is to be read.
    """

    def __init__(self, config: TrainConfig) -> None:
        out = Path(config.out)
        self.best = out / "best.pt"
        """Checkpoint of the weights that validated best."""
        self.last = out / "last.pt"
        """State of the run after its last epoch."""
        self.curve = out / "curve.csv"
        """One row per epoch."""
        self.picture = out / "curve.png"
        names = [file.name for file in (self.best, self.last, self.curve, self.picture)]
        check_apart([out], [config.data, *config.extra_roots()])
        read = [path for path in (config.init_from, config.teacher) if path]
        check_apart([out / name for name in names], read)
        check_replaceable(out, names, names)

    def write_state(self, state: dict[str, Any]) -> None:
        """Write ``last.pt``, complete or not at all."""
        write_atomically(state, self.last)

    def read_state(self, config: TrainConfig, identity: dict[str, object]) -> dict[str, Any]:
        """Read ``last.pt`` of a run with the same settings.

        Args:
            config: settings of the run that goes on; data, out and init_from may lie elsewhere, and `epochs` may be
                another number above those that are done.
            identity: values that classes and teacher are compared by, in place of their paths.

        Raises:
            JetSegError: there is no such file, or its settings differ.
        """
        if not self.last.is_file():
            raise JetSegError(f"no run to resume: '{self.last}' is missing; start without --resume")
        try:
            state = read_tensors(self.last)
            then = TrainConfig.from_dict(state["config"]).to_dict() | state.get("identity", {})
            whole = [state[name] for name in ("epoch", "average_updates")]
            if not all(type(number) is int and number >= 0 for number in whole):
                raise ValueError(f"epoch and updates are {whole!r:.60}")
        except Exception as error:  # torch raises anything on damage
            raise self.damaged(error) from error
        now = config.to_dict()
        if "identity" in state:
            now |= identity
        else:  # A file of an earlier version knows no more of its teacher than a path.
            now["teacher"], then["teacher"] = bool(now["teacher"]), bool(then["teacher"])
        places: tuple[str, ...] = ("data", "extra_data", "out", "init_from")
        if config.epochs > state["epoch"]:
            places += ("epochs",)
        changed = [name for name in now if name not in places and now[name] != then[name]]
        if changed:
            raise JetSegError(
                f"'{self.last}' was made with other settings of {changed}; resume with the same ones"
            )
        return state

    def damaged(self, error: Exception) -> JetSegError:
        """The error about a state that cannot be gone on with."""
        reason = one_line(f"{type(error).__name__}: {error}".partition("\n")[0], 200)
        return JetSegError(
            f"'{self.last}' is damaged, or not the state of a run ({reason}); start without --resume"
        )

    def append_row(self, row: dict[str, object], first: bool) -> None:
        """Add an epoch to ``curve.csv``; the first one starts a new file."""
        first = first or not self.curve.is_file()
        earlier = "" if first else self.curve.read_bytes().decode()
        with replacing(self.curve) as partial, partial.open("w", newline="") as file:
            file.write(earlier)
            writer = csv.DictWriter(file, row)
            if first:
                writer.writeheader()
            writer.writerow(row)

    def draw_curve(self) -> None:
        """Draw losses and validation scores by epoch into ``curve.png``."""
        import matplotlib

        matplotlib.use("Agg")
        from matplotlib import pyplot

        with self.curve.open(newline="") as file:
            rows = list(csv.DictReader(file))
        losses = [name for name in rows[0] if name not in _NOT_LOSSES]
        figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
        epochs = [int(row["epoch"]) for row in rows]
        for name in losses:
            left.plot(epochs, [float(row[name]) for row in rows], label=name)
        left.set(xlabel="epoch", ylabel="training loss", ylim=(0, None))
        left.legend()
        for name, label in _SCORES.items():
            scores = [(int(row["epoch"]), float(row[name])) for row in rows if row.get(name)]
            if scores:
                right.plot(*zip(*scores, strict=True), marker="o", markersize=3, label=label)
        right.set(xlabel="epoch", ylabel="val mIoU, %")
        if "source_mean" in rows[0]:
            right.set(ylabel="%")
            right.legend()
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(alpha=0.3)
        figure.tight_layout()
        with replacing(self.picture) as partial:
            figure.savefig(partial, format="png", dpi=120)
        pyplot.close(figure)
