"""Export the trained network for the product: ONNX, vocabulary, check sums.

    uv run --group train python -m training.export [FOLDER] [--mix EARLIER [--share 0.7]]

Takes the running mean of the weights from models/numbers/data/network.pt, or with --mix what lies
between them and those of the network that the training started from. The exported network is
compared with the trained one before anything is written into FOLDER (default: models/numbers).
calibration.json is not touched: fit it afterwards with benchmarks.fit_confidence.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

from bot import onnx
from bot.hearing.embedded.whisper import WIDTH
from training import clips
from training.ctc import frames
from training.network import NumberNetwork, start_from
from training.vocabulary import BLANK, FILLER, WORDS

_SAME = 1e-4


def export(network: NumberNetwork, path: Path) -> None:
    """Input `feats` (1, T, WIDTH), output `logp` (1, U, words), for any T."""
    network.eval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of GRUs with another batch size
        torch.onnx.export(
            network,
            (torch.zeros(1, 100, WIDTH),),
            str(path),
            input_names=["feats"],
            output_names=["logp"],
            dynamic_axes={"feats": {1: "T"}, "logp": {1: "U"}},
            opset_version=17,
            dynamo=False,
        )


def mix(network: NumberNetwork, earlier: Path, share: float) -> None:
    """Weights between an earlier network's (share 0) and its own (share 1), where it was trained on
    from that one: such a mean often hears strangers better than either (Wortsman et al. 2022). The
    last layer stays its own: half of what an earlier network thinks of a word that it did not know
    is enough for the word never to be heard."""
    other = NumberNetwork()
    start_from(other, earlier)
    theirs = dict(other.named_parameters())
    with torch.no_grad():
        for name, mine in network.named_parameters():
            if not name.startswith("words."):
                mine.mul_(share).add_(theirs[name], alpha=1 - share)


def largest_difference(network: NumberNetwork, path: Path, seed: int = 0) -> float:
    """Between the network and the exported one, in log-probability, over sounds of many lengths."""
    session = onnx.session(path)
    random = np.random.default_rng(seed)
    differences = []
    for length in (1, 2, 3, 50, 101, 400, 1500):
        states = random.standard_normal((1, length, WIDTH), dtype=np.float32)
        (found,) = session.run(["logp"], {"feats": states})
        with torch.no_grad():
            expected = network(torch.from_numpy(states)).numpy()
        if found.shape != (1, frames(length), len(WORDS)):
            raise ValueError(f"{length} states: shape {found.shape}")
        differences.append(float(np.abs(found - expected).max()))
    return max(differences)


def write_vocabulary(path: Path) -> None:
    rows = [WORDS[start : start + 10] for start in range(0, len(WORDS), 10)]
    words = ",\n".join("    " + ", ".join(map(json.dumps, row)) for row in rows)
    path.write_text(
        f'{{\n  "blank": {json.dumps(BLANK)},\n  "filler": {json.dumps(FILLER)},\n'
        f'  "words": [\n{words}\n  ]\n}}\n',
        "utf-8",
    )


def write_sums(folder: Path) -> None:
    names = ("numbers.onnx", "vocabulary.json")
    sums = (f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in names)
    (folder / "SHA256SUMS").write_text("\n".join(sums) + "\n", "ascii")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=clips.NUMBERS)
    parser.add_argument("--data", type=Path, default=clips.DATA)
    parser.add_argument("--mix", type=Path, metavar="EARLIER", help="folder it was started from")
    parser.add_argument("--share", type=float, default=0.7, help="of the new weights, with --mix")
    options = parser.parse_args()
    network = NumberNetwork()
    state = torch.load(options.data / "network.pt", weights_only=True)
    network.load_state_dict(state["mean"])
    if options.mix:
        mix(network, options.mix, options.share)
    with tempfile.TemporaryDirectory() as folder:
        exported = Path(folder) / "numbers.onnx"
        export(network, exported)
        difference = largest_difference(network, exported)
        if difference > _SAME:
            sys.exit(f"the exported network differs from the trained one by {difference:.2g}")
        options.folder.mkdir(parents=True, exist_ok=True)
        (options.folder / "numbers.onnx").write_bytes(exported.read_bytes())
    write_vocabulary(options.folder / "vocabulary.json")
    write_sums(options.folder)
    sys.stdout.write(f"{options.folder}: differs from the trained network by {difference:.1g}\n")


if __name__ == "__main__":
    main()
