"""What replies must look like: the assertions that several test files share."""


def accepted(response, count):
    """Every one of `count` records was accepted."""
    assert response.status == 200, response
    assert response.json() == {"accepted": count, "rejected": 0}, response


def rejections(response, status, accepted_count, errors):
    """Some records were rejected: `errors` lists the (record, line) of each of them."""
    assert response.status == status, response
    body = response.json()
    assert (body["accepted"], body["rejected"]) == (accepted_count, len(errors)), response
    assert [(e["record"], e["line"]) for e in body["errors"]] == errors[:16], response
    assert all(isinstance(e["error"], str) and e["error"] for e in body["errors"]), response


def error(response, *statuses):
    """An error that is not about records: a JSON body with `error` and `code`; returns the body."""
    assert response.status in statuses, response
    assert response.headers.get("content-type", "").startswith("application/json"), response
    body = response.json()
    assert isinstance(body["error"], str) and body["error"], response
    assert isinstance(body["code"], str) and body["code"], response
    return body


def one_clear_line(stderr):
    """The stderr of a command that refuses to run: exactly one line; returns it."""
    lines = [line for line in stderr.decode().split("\n") if line.strip()]
    assert len(lines) == 1, f"not one line: {lines}"
    return lines[0]
