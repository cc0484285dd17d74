"""The entry point of a training job, as SageMaker starts it: settings in SM_* variables, shards in, model out."""

import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

import sagemaker_entry
from run_folder import weights_digest
from trained import load_cnn

ENTRY = Path(sagemaker_entry.__file__)
EPOCHS = 2
RECIPES = {
    "cnn": "--batch,6,--width,0.0625", "rnn": "--batch,6", "cropper": "--batch,8", "segmenter": "--batch,3",
    "pregnancy": "--batch,3,--width,0.0625,--side,32",
}


def write_shards(dataset: Path, channel: Path, shard_bytes: int = 4_000_000) -> str:
    """The format of cli/training/shards.ts, every file cut where a shard is full. Returns the manifest's SHA-256."""
    channel.mkdir(parents=True)
    files = [path for path in sorted(dataset.rglob("*")) if path.is_file()]
    named = [{"path": path.relative_to(dataset).as_posix(), "bytes": path.stat().st_size} for path in files]
    pieces = [
        {"path": file["path"], "offset": offset, "bytes": min(shard_bytes, file["bytes"] - offset)}
        for file in named for offset in range(0, max(file["bytes"], 1), shard_bytes)
    ]
    shards = []
    for number, piece in enumerate(pieces):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            content = (dataset / piece["path"]).read_bytes()[piece["offset"]:][: piece["bytes"]]
            member = tarfile.TarInfo(f"{piece['path']}.from-{piece['offset']}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        (channel / f"shard-{number:05}.tar").write_bytes(buffer.getvalue())
        shards.append({
            "file": f"shard-{number:05}.tar", "bytes": len(buffer.getvalue()),
            "sha256": hashlib.sha256(buffer.getvalue()).hexdigest(), "pieces": [piece],
        })
    manifest = json.dumps({"schema": "blastograde/training-shards@1", "files": named, "shards": shards}).encode()
    (channel / "manifest.json").write_bytes(manifest)
    return hashlib.sha256(manifest).hexdigest()


@pytest.fixture(scope="module")
def channel(dataset, tmp_path_factory) -> "tuple[Path, str]":
    folder = tmp_path_factory.mktemp("channel") / "train"
    return folder, write_shards(dataset, folder)


def settings(channel, job: Path, *, epochs=EPOCHS, network="cnn", **extra) -> dict:
    folder, sha256 = channel
    hyperparameters = {"network": network, "arguments": f"--epochs,{epochs},{RECIPES[network]}", "dataset_sha256": sha256}
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("SM_")},
        "OMP_NUM_THREADS": "1", "SM_HPS": json.dumps(hyperparameters), "SM_NUM_GPUS": "0", "SM_HOSTS": '["algo-1"]',
        "SM_CURRENT_HOST": "algo-1", "SM_CHANNEL_TRAIN": str(folder), "SM_MODEL_DIR": str(job / "model"), **extra,
    }


def command(job: Path, *extra: str) -> "list[str]":
    # Script mode repeats the hyperparameters behind the program's name, without quotes.
    repeated = ["--arguments", "--epochs,2", "--network", "cnn"]
    folders = ["--checkpoints", str(job / "checkpoints"), "--scratch", str(job / "scratch")]
    return [sys.executable, str(ENTRY), *repeated, *folders, *extra]


def start(channel, job: Path, *extra: str, **options) -> subprocess.CompletedProcess:
    environment = settings(channel, job, **options)
    return subprocess.run(command(job, *extra), env=environment, capture_output=True, text=True, timeout=120)


def epochs_in(folder: Path) -> "list[int]":
    path = folder / "metrics.jsonl"
    return [json.loads(line)["epoch"] for line in path.read_text().splitlines()] if path.exists() else []


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_two_processes_train_together_and_leave_the_model(channel, tmp_path):
    done = start(channel, tmp_path, "--cpu-processes", "2")

    assert done.returncode == 0, done.stderr
    assert epochs_in(tmp_path / "model") == [1, 2]
    assert (tmp_path / "model" / "best.pt").read_bytes() == (tmp_path / "checkpoints" / "best.pt").read_bytes()
    assert json.loads((tmp_path / "model" / "training.json").read_text())["network"] == "cnn"


def test_a_spot_interruption_leaves_what_the_next_start_goes_on_with(channel, tmp_path):
    long = settings(channel, tmp_path, epochs=40)
    process = subprocess.Popen(command(tmp_path, "--cpu-processes", "2"), env=long, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 90
    while not epochs_in(tmp_path / "checkpoints") and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    interrupted = process.communicate(timeout=60)[1]
    trained = epochs_in(tmp_path / "checkpoints")
    torn = tmp_path / "checkpoints" / ".last.pt.77.tmp"
    torn.write_bytes(b"half a checkpoint")

    done = start(channel, tmp_path, "--cpu-processes", "2", epochs=len(trained) + 1)

    assert process.returncode != 0 and "is gone on with" in interrupted
    assert 1 <= len(trained) < 40
    assert done.returncode == 0, done.stderr
    assert f"going on after epoch {len(trained)}" in done.stderr
    assert epochs_in(tmp_path / "model") == list(range(1, len(trained) + 2))
    assert not torn.exists()


def test_two_hosts_meet_at_the_first_one_and_train_an_rnn_on_a_cnn_that_was_sent(channel, cnn_run, tmp_path):
    port, hosts = str(free_port()), ["127.0.0.1", "localhost"]
    started = []
    for host in hosts:
        job = tmp_path / host
        environment = settings(channel, job, epochs=1, network="rnn", SM_HOSTS=json.dumps(hosts), SM_CURRENT_HOST=host)
        environment.update({"SM_NETWORK_INTERFACE_NAME": "lo", "SM_CHANNEL_CNN": str(cnn_run)})
        started.append(subprocess.Popen(command(job, "--port", port), env=environment, stderr=subprocess.PIPE, text=True))

    said = [process.communicate(timeout=120)[1] for process in started]

    assert [process.returncode for process in started] == [0, 0], said
    assert epochs_in(tmp_path / hosts[0] / "model") == [1]
    assert not (tmp_path / hosts[1] / "model").exists()


def test_a_run_begins_with_the_checkpoint_that_was_sent_and_goes_on_with_data_unpacked_elsewhere(channel, cnn_run, tmp_path):
    sent = {"SM_CHANNEL_FROM": str(cnn_run)}
    first = start(channel, tmp_path, epochs=1, **sent)
    (tmp_path / "scratch").rename(tmp_path / "gone")

    again = start(channel, tmp_path, "--scratch", str(tmp_path / "elsewhere"), epochs=2, **sent)

    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "going on after epoch 1" in again.stderr
    assert epochs_in(tmp_path / "model") == [1, 2]
    model, _ = load_cnn(cnn_run / "best.pt")
    assert json.loads((tmp_path / "model" / "run.json").read_text())["recipe"]["began_with"] == weights_digest(model)


def test_a_pregnancy_network_begins_with_the_trunk_that_was_sent(channel, voted_run, tmp_path):
    done = start(channel, tmp_path, epochs=1, network="pregnancy", SM_CHANNEL_FROM=str(voted_run))

    assert done.returncode == 0, done.stderr
    assert epochs_in(tmp_path / "model") == [1]
    recipe = json.loads((tmp_path / "model" / "run.json").read_text())["recipe"]
    assert (recipe["target"], recipe["trained_on"]) == ("outcome", 6) and recipe["began_with"] is not None


def test_an_unpacked_data_set_is_the_one_that_was_sent(channel, dataset, tmp_path):
    folder, sha256 = channel

    unpacked = sagemaker_entry.unpack(folder, sha256, tmp_path / "prepared")

    sent = [path for path in dataset.rglob("*") if path.is_file()]
    assert sent and all((unpacked / path.relative_to(dataset)).read_bytes() == path.read_bytes() for path in sent)


def test_a_missing_shard_ends_the_job_with_a_sentence(channel, dataset, tmp_path):
    torn = tmp_path / "train"
    sha256 = write_shards(dataset, torn)
    (torn / "shard-00001.tar").unlink()

    done = start((torn, sha256), tmp_path)

    assert done.returncode == 1
    assert "shard-00001.tar is missing" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("gpus", "hosts", "network", "launched"),
    [
        ("0", ["algo-1"], "cnn", []),
        ("1", ["algo-1"], "cnn", []),
        ("4", ["algo-1"], "cnn", ["--nproc_per_node=4", "--standalone"]),
        ("4", ["algo-1"], "cropper", []),
        ("4", ["algo-1"], "segmenter", ["--nproc_per_node=4", "--standalone"]),
        ("4", ["algo-1"], "pregnancy", ["--nproc_per_node=4", "--standalone"]),
        ("1", ["algo-1", "algo-2"], "rnn", [
            "--nproc_per_node=1", "--nnodes=2", "--node_rank=1", "--master_addr=algo-1", "--master_port=7777",
        ]),
    ],
)
def test_torchrun_is_used_where_several_gpus_or_hosts_are(gpus, hosts, network, launched, channel, tmp_path):
    environment = settings(channel, tmp_path, network=network, SM_NUM_GPUS=gpus, SM_HOSTS=json.dumps(hosts))
    environment.update({"SM_CURRENT_HOST": hosts[-1], "SM_CHANNEL_CNN": "/cnn"})
    options = sagemaker_entry.parse_options([])

    line = sagemaker_entry.training_command(environment, options, Path("/prepared"))

    script = line.index(str(ENTRY.parent / f"train_{network}.py"))
    assert line[1:script] == (["-m", "torch.distributed.run", *sagemaker_entry.LEAVE_OUTPUT, *launched] if launched else [])
    assert line[line.index("--device") + 1] == ("cpu" if gpus == "0" else "cuda")
    assert ("--cnn" in line) == (network == "rnn")
    assert "--from" not in line


def test_without_sagemakers_variables_it_says_where_it_belongs(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SM_")}

    done = subprocess.run(command(tmp_path), env=environment, capture_output=True, text=True)

    assert done.returncode == 1
    assert "SM_HPS is not set: this program runs in a SageMaker training container" in done.stderr
