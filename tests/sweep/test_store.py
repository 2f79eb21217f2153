"""What the store gives back is what was put in, or nothing, or one clear line: also after kills, damage and full disks."""

import os
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cosim.errors import InputError
from cosim.status import Status
from cosim.sweep.jobs import Result
from cosim.sweep.store import BATCH, Store, StoreError, write_atomically
from tests.sweep.sweeps import ROOT, waves_of

TRACE = np.linspace(0.0, 1.0, 7)
GOOD = Result({}, Status.ok, {"level": 0.1, "trace": TRACE}, "note", 0.25, key="a" * 64, relaxed=True)


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "store") as opened:
        yield opened


def reopened(store: Store) -> Store:
    store.close()
    return Store.open(store.path)


def objects(store: Store) -> list:
    return [path for path in (store.path / "objects").rglob("*") if path.is_file()]


def same(one: Result, other: Result) -> bool:
    def plain(result: Result) -> dict:
        return {name: (value.dtype, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else repr(value) for name, value in result.measures.items()}

    return plain(one) == plain(other) and replace(one, measures={}, reused=True).__dict__ == replace(other, measures={}, reused=True).__dict__


def test_a_result_comes_back_whole_after_reopening(store):
    store.put(GOOD)
    with reopened(store) as again:
        kept = again.get(GOOD.key)
    assert kept.reused
    assert same(kept, GOOD)


def test_a_result_can_be_read_before_it_is_flushed(store):
    store.put(GOOD)
    assert same(store.get(GOOD.key), GOOD)


def test_an_unknown_key_gives_nothing(store):
    assert store.get("b" * 64) is None
    assert store.waves("b" * 64) is None


NUMBERS = st.floats(width=64) | st.floats(allow_nan=False) | st.sampled_from([float("inf"), float("-inf"), float("nan"), -0.0, 5e-324])
ARRAYS = arrays.arrays(st.sampled_from([np.float64, np.float32, np.complex128, np.int64, np.bool_]), arrays.array_shapes(min_dims=0, max_dims=3, min_side=0))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(measures=st.dictionaries(st.text(), NUMBERS | ARRAYS, max_size=4), message=st.text(), seconds=st.floats(0, 1e6))
def test_any_measures_come_back_bit_for_bit(store, measures, message, seconds):
    result = Result({}, Status.ok, measures, message, seconds, key="c" * 64)
    store.put(result)
    store.flush()
    assert same(store.get(result.key), result)


def test_waves_come_back_on_request(store):
    waves = replace(waves_of(TRACE * 1j), log="the end\nof the log", relaxed=True)
    store.put(GOOD, waves)
    store.put(replace(GOOD, key="b" * 64))
    with reopened(store) as again:
        kept = again.waves(GOOD.key)
        assert again.waves("b" * 64) is None
    assert (kept.axis == waves.axis).all()
    assert (kept.signals["v(out)"] == TRACE * 1j).all()
    assert (kept.status, kept.log, kept.relaxed, kept.seconds, kept.axis_name) == (Status.ok, "the end\nof the log", True, 0.25, "time")


def test_the_arrays_of_a_result_are_one_file(store):
    several = replace(GOOD, measures={"level": 0.1, "trace": TRACE, "spectrum": TRACE * 1j, "counts": np.arange(3)})
    store.put(several)
    with reopened(store) as again:
        assert same(again.get(GOOD.key), several)
        (path,) = objects(again)
        path.write_bytes(path.read_bytes()[:-1])
        assert again.get(GOOD.key) is None


def test_the_last_put_of_a_key_counts(store):
    store.put(GOOD)
    store.put(replace(GOOD, measures={"level": 0.2}))
    with reopened(store) as again:
        assert again.get(GOOD.key).measures == {"level": 0.2}
        assert len(again) == 1


def test_a_batch_is_committed_without_a_flush(store):
    for index in range(BATCH):
        store.put(replace(GOOD, measures={}, key=f"{index:064d}"))
    with Store.open(store.path) as other:
        assert other.get(f"{0:064d}") is not None


def test_the_default_folder_is_of_the_environment_or_under_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("COSIM_STORE", raising=False)
    with Store.open(None) as store:
        assert store.path.resolve() == tmp_path / ".cosim" / "store"
    monkeypatch.setenv("COSIM_STORE", str(tmp_path / "named"))
    with Store.open() as store:
        assert store.path == tmp_path / "named"


@pytest.mark.parametrize("damage", ["truncate", "flip", "delete", "empty"])
def test_a_damaged_array_is_computed_again(store, damage):
    store.put(GOOD)
    with reopened(store) as again:
        (path,) = objects(again)
        content = path.read_bytes()
        path.write_bytes({"truncate": content[:-9], "flip": content[:-1] + bytes([content[-1] ^ 1]), "delete": b"", "empty": b""}[damage])
        if damage == "delete":
            path.unlink()
        assert again.get(GOOD.key) is None
        again.put(GOOD)
        assert same(again.get(GOOD.key), GOOD)


def test_damaged_waves_are_nothing(store):
    store.put(replace(GOOD, measures={}), waves_of(TRACE))
    (path,) = objects(store)
    path.write_bytes(path.read_bytes()[:-100])
    assert store.waves(GOOD.key) is None


@pytest.mark.parametrize("change", ["measures = replace(measures, '0.1', '0.7')", "status = 'timeout'", "measures = cast(x'ff' as text)"])
def test_a_changed_row_is_computed_again(store, change):
    store.put(GOOD)
    store.close()
    with sqlite3.connect(store.path / "index.sqlite") as connection:
        connection.execute(f"update results set {change}")
    connection.close()
    with Store.open(store.path) as again:
        assert again.get(GOOD.key) is None


def test_a_file_that_is_no_index_is_named(store):
    store.close()
    (store.path / "index.sqlite").write_bytes(b"this is no database" * 100)
    line = r"^store .*: index.sqlite is damaged \(file is not a database\); delete the folder, or set COSIM_STORE .*, and run again$"
    with pytest.raises(StoreError, match=line):
        Store.open(store.path)


def read_all(folder, count: int) -> None:
    with Store.open(folder) as store:
        for index in range(count):
            store.get(f"{index:064d}")


def test_a_truncated_index_gives_one_line(store):
    for index in range(2000):
        store.put(replace(GOOD, measures={}, key=f"{index:064d}"))
    store.close()
    path = store.path / "index.sqlite"
    os.truncate(path, path.stat().st_size // 2)
    with pytest.raises(StoreError, match=r"^store .*: index.sqlite is damaged \(.*malformed.*\); .*$"):
        read_all(store.path, 2000)


def test_an_index_of_another_format_is_left_alone(store):
    store.close()
    with sqlite3.connect(store.path / "index.sqlite") as connection:
        connection.execute("pragma user_version = 99")
    connection.close()
    with pytest.raises(StoreError, match=r"^store .*, format=99: must be 1; use another folder, or the version of cosim that wrote it$"):
        Store.open(store.path)


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "store").write_text("")
    with pytest.raises(InputError, match=r"^store .*/store: must be a folder that can be written to \(Not a directory\)$"):
        Store.open(tmp_path / "store")


AS_NOBODY = """
import os, sys
from cosim.sweep.store import Store
from cosim.errors import CosimError
import tests.sweep.sweeps
if os.geteuid() == 0:
    os.setgid(65534); os.setuid(65534)
try:
    Store.open(sys.argv[1])
except CosimError as error:
    sys.exit(f"{error.exit_code}|{error}")
"""


@pytest.mark.parametrize("there", [False, True], ids=["to be made", "there already"])
def test_a_read_only_folder_gives_one_line(tmp_path, there):
    folder = tmp_path / "fixed" / "store"
    folder.parent.mkdir()
    if there:
        Store.open(folder).close()
    for path in (folder.parent, *folder.parent.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    for parent in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        parent.chmod(parent.stat().st_mode | 0o055)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, folder], cwd=ROOT, capture_output=True, text=True, timeout=60)
    for path in (folder.parent, *folder.parent.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.stderr.startswith(f"2|store {folder}: must be a folder that can be written to (")
    assert done.stderr.count("\n") == 1


FILL = """
import resource, sys
from dataclasses import replace
import numpy as np
from cosim.errors import CosimError
from cosim.sweep.store import Store
from tests.sweep.test_store import GOOD
limit = int(sys.argv[2])
store = Store.open(sys.argv[1])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
count = 0
try:
    for index in range(2000):
        more = {"trace": np.arange(4000.0) + index} if sys.argv[3] == "arrays" else {"name" * 300: 1.0}
        store.put(replace(GOOD, key=f"{index:064d}", measures={"level": float(index), **more}))
        store.flush()
        count += 1
except CosimError as error:
    sys.exit(f"{error.exit_code}|{count}|{error}")
"""


def filled(folder, command, limit, kind):
    done = subprocess.run([*command, sys.executable, "-c", FILL, folder, str(limit), kind], cwd=ROOT, capture_output=True, text=True, timeout=100)
    code, count, line = done.stderr.rstrip("\n").split("|", 2)
    assert "\n" not in line
    return int(code), int(count), line


@pytest.mark.parametrize(("limit", "kind"), [(300_000, "rows"), (20_000, "arrays")])
def test_what_was_kept_before_a_file_may_not_grow_is_kept(tmp_path, limit, kind):
    if kind == "arrays":
        Store.open(tmp_path / "s").close()
    code, count, line = filled(tmp_path / "s", [], limit, kind)
    assert code == 4
    assert line.startswith(f"store {tmp_path / 's'}: ")
    assert "what was computed is kept; free disk space" in line
    with Store.open(tmp_path / "s") as store:
        assert len(store) == count
        assert all(store.get(f"{index:064d}").measures["level"] == index for index in range(count))


NAMESPACE = ["unshare", "--map-root-user", "--mount"]


def may_mount() -> bool:
    try:
        return subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not may_mount(), reason="needs a user namespace to mount a small disk")
@pytest.mark.parametrize("kind", ["rows", "arrays"])
def test_a_full_disk_gives_one_line_and_keeps_what_was_kept(tmp_path, kind):
    small, copy = tmp_path / "small", tmp_path / "copy"
    small.mkdir()
    script = f'mount -t tmpfs -o size=2m none {small} && "$@"; code=$?; cp -r {small} {copy}; exit $code'
    code, count, line = filled(small, [*NAMESPACE, "sh", "-c", script, "sh"], 0, kind)
    assert (code, line.partition(";")[0]) == (4, f"store {small}: no space left on the disk")
    with Store.open(copy) as store:
        assert len(store) == count > 20
        assert all(store.get(f"{index:064d}").measures["level"] == index for index in range(count))
    assert not list((copy / "tmp").iterdir())


PUT_MANY = """
import sys
from dataclasses import replace
import numpy as np
from cosim.sweep.store import Store
from tests.sweep.test_store import GOOD
with Store.open(sys.argv[1]) as store:
    for index in range(300):
        store.put(replace(GOOD, key=f"{index:064d}", message=sys.argv[2], measures={"level": float(index), "trace": np.arange(index + 1.0)}))
        if index % 7 == 0:
            store.flush()
"""


def test_processes_that_share_a_store_do_not_harm_it(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", PUT_MANY, tmp_path / "s", str(number)], cwd=ROOT, stderr=subprocess.PIPE) for number in range(3)]
    assert [(writer.communicate(timeout=100)[1], writer.returncode) for writer in writers] == [(b"", 0)] * 3
    with Store.open(tmp_path / "s") as store:
        assert len(store) == 300
        kept = [store.get(f"{index:064d}") for index in range(300)]
    assert all(each.measures["level"] == index and len(each.measures["trace"]) == index + 1 for index, each in enumerate(kept))


def test_what_killed_processes_left_is_removed_after_an_hour(store):
    old, new = store.path / "tmp" / ".tmp-old", store.path / "tmp" / ".tmp-new"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 7200,) * 2)
    with reopened(store):
        assert not old.exists()
        assert new.exists()


def test_a_write_that_fails_leaves_the_old_file_alone(tmp_path):
    target = tmp_path / "out.csv"
    target.write_text("old")
    with pytest.raises(TypeError):
        write_atomically(target, "text is not bytes")
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_the_store_of_an_older_version_is_refused_and_left_alone(store, monkeypatch):
    store.put(GOOD)
    store.close()
    monkeypatch.setattr("cosim.sweep.store.FORMAT", 2)
    with pytest.raises(StoreError, match=r"^store .*, format=1: must be 2; use another folder, or the version of cosim that wrote it$"):
        Store.open(store.path)
    monkeypatch.undo()
    with Store.open(store.path) as again:
        assert same(again.get(GOOD.key), GOOD)


def test_an_index_from_before_formats_were_counted_is_refused_and_left_alone(store):
    store.close()
    index = store.path / "index.sqlite"
    index.unlink()
    with sqlite3.connect(index) as connection:
        connection.execute("create table results (key text, measures text)")
        connection.execute("insert into results values ('a', '{}')")
    connection.close()
    with pytest.raises(StoreError, match=r"^store .*, format=unknown: must be 1; use another folder, or the version of cosim that wrote it$"):
        Store.open(store.path)
    with sqlite3.connect(index) as connection:
        assert connection.execute("select * from results").fetchall() == [("a", "{}")]
    connection.close()


def test_processes_that_make_a_store_at_once_do_not_refuse_each_other(tmp_path):
    program = "import sys, time; from cosim.sweep.store import Store; time.sleep(max(0.0, float(sys.argv[2]) - time.time())); Store.open(sys.argv[1]).close()"
    for attempt in range(3):
        start = str(time.time() + 0.7)
        makers = [subprocess.Popen([sys.executable, "-c", program, tmp_path / f"{attempt}", start], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(4)]
        assert [(each.communicate(timeout=60)[1], each.returncode) for each in makers] == [(b"", 0)] * 4
