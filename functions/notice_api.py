"""What we do with personal data, for everybody: GET /v1/notices, and GET /v1/notices/{version}."""

from counterfoil.domain import notice_text, notices
from counterfoil.errors import NotFound
from counterfoil.pages.notice import notice as notice_page
from counterfoil.runtime import api
from counterfoil.runtime.api import Page, Reply, Request

_CACHED = {"cache-control": "public, max-age=300", "vary": "accept"}


def _answer(request: Request) -> Reply | Page:
    if "version" not in request.path:
        published = [notice_text.listed(notice) for notice in notices.NOTICES]
        return Reply(200, {"current": notices.current().version, "notices": published}, _CACHED)
    notice = notices.find(request.path["version"])
    if notice is None:
        raise NotFound("no such notice")
    if "text/html" in request.headers.get("accept", ""):
        return notice_page(notice_text.title_of(notice), notice_text.sections_of(notice))
    return Reply(200, notice_text.told(notice), _CACHED)


handler = api.endpoint(_answer)
