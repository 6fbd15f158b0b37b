"""The pure rules of aiplatform: splits, aliases, ids, masks, filters, labels, images, pages."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gcp_deploy.emulator.aiplatform import aliases, fields, filters, ids, images, masks, splits
from gcp_deploy.emulator.aiplatform.paging import page
from gcp_deploy.emulator.messages import Query
from gcp_deploy.emulator.problems import Code, Problem


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, {}),
        ({}, {}),
        ({"1": 60, "2": 40}, {"1": 60, "2": 40}),
        ({"1": "60", "2": 40.0}, {"1": 60, "2": 40}),
    ],
)
def test_a_split_is_read_as_protobuf_json(value, expected):
    assert splits.parse(value) == expected


@pytest.mark.parametrize("value", [[], "100", {"1": True}, {"1": 0.5}, {"1": "x"}, {"1": None}])
def test_a_split_of_another_shape_is_refused(value):
    with pytest.raises(Problem, match="traffic_split"):
        splits.parse(value)


@pytest.mark.parametrize(
    ("split", "text"),
    [
        ({"0": 100}, "The following DeployedModel ID(s) [0] do not exist."),
        ({"1": 50, "7": 25, "8": 25}, "The following DeployedModel ID(s) [7, 8] do not exist."),
        ({"1": 99}, "add up to 100, got 99"),
        ({"1": 101}, "between 0 and 100"),
        ({"1": -1, "2": 101}, "between 0 and 100"),
        ({"1": 0}, "add up to 100, got 0"),
    ],
)
def test_a_wrong_split_is_refused(split, text):
    with pytest.raises(Problem) as caught:
        splits.check(split, {"1", "2"})
    assert text in caught.value.message
    assert caught.value.code is Code.INVALID_ARGUMENT


def test_deploying_without_a_split_leaves_it_as_it_is():
    assert splits.after_deployment({"1": 100}, {}, ["1"], "2") == {"1": 100}


def test_zero_means_the_new_one_when_deploying():
    assert splits.after_deployment({"1": 100}, {"0": 10, "1": 90}, ["1"], "2") == {"2": 10, "1": 90}


def test_the_new_one_is_not_named_twice():
    with pytest.raises(Problem, match="twice"):
        splits.after_deployment({}, {"0": 50, "2": 50}, [], "2")


@pytest.mark.parametrize(
    ("current", "asked", "deployed", "expected"),
    [
        ({"1": 100}, {}, ["1"], {}),
        ({"1": 100}, {"1": 100}, ["1"], {}),
        ({"1": 100, "2": 0}, {}, ["1", "2"], {"1": 100}),
        ({"1": 50, "2": 50}, {"1": 100}, ["1", "2"], {"1": 100}),
        ({"1": 50, "2": 50}, {"1": 100, "2": 0}, ["1", "2"], {"1": 100}),
    ],
)
def test_undeploying_takes_a_deployed_model_out_of_the_split(current, asked, deployed, expected):
    assert splits.after_undeployment(current, asked, deployed, deployed[-1]) == expected


@pytest.mark.parametrize("asked", [{}, {"1": 40, "2": 60}])
def test_what_has_traffic_is_not_undeployed(asked):
    with pytest.raises(Problem, match="DeployedModel 2 has traffic") as caught:
        splits.after_undeployment({"1": 50, "2": 50}, asked, ["1", "2"], "2")
    assert caught.value.code is Code.FAILED_PRECONDITION


@st.composite
def _right_splits(draw):
    names = draw(st.lists(st.from_regex(r"[1-9]\d{0,9}", fullmatch=True), min_size=1, unique=True))
    cuts = sorted(
        draw(st.lists(st.integers(0, 100), min_size=len(names) - 1, max_size=len(names) - 1))
    )
    shares = [b - a for a, b in zip([0, *cuts], [*cuts, 100], strict=True)]
    return dict(zip(names, shares, strict=True))


@given(split=_right_splits(), new=st.from_regex(r"[1-9]\d{10}", fullmatch=True), data=st.data())
def test_whatever_comes_and_goes_the_split_is_a_hundred_of_what_is_deployed(split, new, data):
    splits.check(split, split)
    share = data.draw(st.integers(0, 100))
    first = next(iter(split))
    asked = {"0": share, first: 100 - share}
    deployed = {*split, new}
    after = splits.after_deployment(split, asked, split, new)
    splits.check(after, deployed)
    assert after[new] == share
    gone = splits.after_undeployment(after, {first: 100}, deployed, new)
    splits.check(gone, deployed - {new})
    assert sum(gone.values()) == 100


@given(split=_right_splits(), draw=st.floats(0, 1, exclude_max=True))
def test_nothing_without_a_share_is_ever_drawn(split, draw):
    chosen = splits.choose(split, draw)
    assert chosen is not None
    assert split[chosen] > 0


def test_shares_are_drawn_exactly():
    drawn = [splits.choose({"a": 25, "b": 0, "c": 75}, step / 100) for step in range(100)]
    assert (drawn.count("a"), drawn.count("b"), drawn.count("c")) == (25, 0, 75)
    assert splits.choose({}, 0.5) is None


@pytest.mark.parametrize(
    ("held", "wanted", "expected"),
    [
        ({"default": "1"}, ["golden"], {"default": "1", "golden": "2"}),
        ({"default": "1"}, ["default"], {"default": "2"}),
        ({"default": "1", "golden": "2"}, ["-golden"], {"default": "1"}),
        ({"default": "1", "golden": "1"}, ["-golden"], {"default": "1", "golden": "1"}),
        ({"default": "1"}, ["golden", "-golden"], {"default": "1"}),
        ({"default": "1"}, ["-default"], {"default": "1"}),
    ],
)
def test_aliases_are_merged_into_version_2(held, wanted, expected):
    assert aliases.merge(held, "2", wanted) == expected


def test_default_never_goes_nowhere():
    with pytest.raises(Problem, match="'default' cannot be removed"):
        aliases.merge({"default": "2"}, "2", ["-default"])


def test_the_first_version_is_the_default_and_later_ones_only_when_asked():
    assert aliases.assign({}, "1", [], first=True) == {"default": "1"}
    assert aliases.assign({"default": "1"}, "2", ["best"], first=False) == {
        "default": "1",
        "best": "2",
    }
    assert aliases.assign({"default": "1"}, "2", ["default"], first=False) == {"default": "2"}


def test_default_falls_to_the_newest_version_left():
    assert aliases.without({"default": "2", "old": "2"}, "2", ["9", "10"]) == {"default": "10"}


@pytest.mark.parametrize("alias", ["a", "Golden", "1st", "x_y", "ends-", "-", "2", "a" * 129])
def test_a_bad_alias_is_refused(alias):
    with pytest.raises(Problem, match="is invalid"):
        aliases.parse([alias])


@pytest.mark.parametrize("name", ["1a", "-a", "A", "a.b", "a" * 64, ""])
def test_a_bad_model_id_is_refused(name):
    with pytest.raises(Problem, match="Invalid model_id"):
        ids.check_model_id(name)


@pytest.mark.parametrize("name", ["a_b", "a-", "0", "01", "1234567890", "1a", "a" * 64])
def test_a_bad_endpoint_id_is_refused(name):
    with pytest.raises(Problem, match="Invalid endpoint_id"):
        ids.check_endpoint_id(name)


@pytest.mark.parametrize("name", ["a", "9", "123456789", "a-b", "a" * 63])
def test_a_good_endpoint_id_is_taken(name):
    ids.check_endpoint_id(name)


@pytest.mark.parametrize("name", ["0", "a", "12345678901", "-1"])
def test_a_bad_deployed_model_id_is_refused(name):
    with pytest.raises(Problem, match=r"deployed_model\.id"):
        ids.check_deployed_model_id(name)


def test_masks_come_in_snake_case_and_camel_case():
    changeable = ("trafficSplit", "displayName")
    assert masks.parse_update_mask("traffic_split, displayName", changeable) == changeable
    assert masks.parse_update_mask("*", changeable) == changeable


@pytest.mark.parametrize("mask", ["", "name", "traffic_split,artifact_uri"])
def test_a_mask_of_nothing_or_of_immutable_fields_is_refused(mask):
    with pytest.raises(Problem, match="update_mask"):
        masks.parse_update_mask(mask, ["trafficSplit"])


def test_only_what_the_mask_names_changes():
    old = {"displayName": "a", "description": "b", "labels": {"x": "y"}}
    new = {"displayName": "c", "labels": {"z": "z"}}
    assert masks.apply_update(old, new, ["displayName", "description"]) == {
        "displayName": "c",
        "labels": {"x": "y"},
    }


_MODEL = {"displayName": "my model", "id": "churn", "labels": {"env": "prod", "a key": "1"}}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ('displayName="my model"', True),
        ('display_name = "my model"', True),
        ('display_name!="my model"', False),
        ("model=churn", True),
        ("model!=churn", False),
        ("labels.env=prod", True),
        ('labels.env="dev"', False),
        ("labels.env:*", True),
        ("labels.nothing:*", False),
        ("labels:env", True),
        ('labels."a key"=1', True),
        ('labels.env=prod AND display_name="my model"', True),
        ("labels.env=prod AND model=other", False),
    ],
)
def test_filters(text, holds):
    terms = filters.parse_filter(text, equal=["displayName"], identity="model")
    assert all(term.holds(_MODEL) for term in terms) is holds


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "color=red",
        "model>1",
        "labels=prod",
        "labels.a!=b",
        "model=1 OR model=2",
        "model=1 AND",
        "model=1 model=2",
    ],
)
def test_a_filter_that_is_not_understood_is_refused(text):
    with pytest.raises(Problem, match="Invalid filter"):
        filters.parse_filter(text, equal=["displayName"], identity="model")


def test_orders_weigh_from_left_to_right():
    rows = [{"a": "1", "b": "x"}, {"a": "2", "b": "y"}, {"a": "1", "b": "z"}]
    order = filters.parse_order("a desc, b", ["a", "b"])
    assert [row["b"] for row in filters.in_order(rows, order)] == ["y", "x", "z"]
    with pytest.raises(Problem, match="Invalid order_by"):
        filters.parse_order("c", ["a", "b"])


@pytest.mark.parametrize(
    "labels", [{"A": "b"}, {"a": "B"}, {"": "b"}, {"a" * 65: "b"}, {"a": 1}, []]
)
def test_bad_labels_are_refused(labels):
    with pytest.raises(Problem):
        fields.labels(labels)


def test_labels_may_be_of_any_alphabet():
    assert fields.labels({"größe": "ключ_1-a"}) == {"größe": "ключ_1-a"}


@pytest.mark.parametrize(
    ("uri", "column_names", "gone", "missing"),
    [
        ("us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-6:latest", False, False, False),
        ("asia-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-3:latest", False, True, False),
        ("us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-9:latest", False, False, True),
        ("us-docker.pkg.dev/vertex-ai/prediction/xgboost-cpu.2-1:latest", False, False, True),
        ("us-central1-docker.pkg.dev/p/serving/image:abc", True, False, False),
    ],
)
def test_images(uri, column_names, gone, missing):
    image = images.judge(uri)
    assert image.column_names is column_names
    assert image.is_gone(date(2026, 11, 25)) is gone
    assert bool(image.missing) is missing


def test_the_last_day_of_an_image_still_counts():
    image = images.judge("us-docker.pkg.dev/vertex-ai/prediction/sklearn-cpu.1-5:latest")
    assert not image.is_gone(date(2027, 1, 14))
    assert image.is_gone(date(2027, 1, 15))


def test_pages_follow_each_other_to_the_end():
    items = [{"n": number} for number in range(5)]
    first = page(items, Query("pageSize=2"), "items")
    second = page(items, Query(f"pageSize=2&pageToken={first['nextPageToken']}"), "items")
    third = page(items, Query(f"pageSize=2&pageToken={second['nextPageToken']}"), "items")
    assert first["items"] + second["items"] + third["items"] == items
    assert "nextPageToken" not in third
    assert page([], Query(), "items") == {}


@pytest.mark.parametrize(
    "query", ["pageSize=-1", "pageSize=x", "pageToken=x", "pageToken=WzEsICJ4Il0="]
)
def test_bad_pages_are_refused(query):
    with pytest.raises(Problem, match="Invalid page_"):
        page([{}], Query(query), "items")
