#include "server/exchange.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace logboom::server {
namespace {

using Progress = Exchange::Progress;

// What became of bytes that arrived in the given pieces.
struct Received {
  Progress progress = Progress::need_more;
  HttpError error;
  std::string message;
  std::string coding;
  Method method = Method::other;
  std::string path;
  std::string query;
  std::string host;
  bool keep_alive = false;
  bool expects_continue = false;
  std::string body;
  std::string leftover;
};

class ExchangeTest : public ::testing::Test {
 protected:
  // Feeds `bytes`, at most `piece` at a time, until the request is whole or fails.
  Received receive(std::string_view bytes, std::size_t piece = SIZE_MAX) {
    return receive_in(bytes, [piece] { return piece; });
  }

  template <class NextPiece>
  Received receive_in(std::string_view bytes, NextPiece next_piece) {
    arena::Arena arena;
    Exchange* const exchange = Exchange::create(arena, limits, memo);
    Received result;
    bool in_body = false;
    while (result.progress == Progress::need_more && !bytes.empty()) {
      const std::span<char> room = exchange->room();
      const std::size_t n =
          std::min({room.size(), bytes.size(), std::max<std::size_t>(next_piece(), 1)});
      std::memcpy(room.data(), bytes.data(), n);
      exchange->received(n);
      bytes.remove_prefix(n);
      result.progress = in_body ? exchange->parse_body() : exchange->parse_head();
      if (in_body || result.progress != Progress::done) continue;
      in_body = exchange->head().has_body();
      if (!in_body) continue;
      exchange->begin_body(body_bytes_max);
      result.progress = exchange->parse_body();
    }
    describe(*exchange, in_body, result);
    result.leftover.append(bytes);
    exchange->destroy();
    return result;
  }

  static void describe(const Exchange& exchange, bool in_body, Received& result) {
    if (result.progress == Progress::failed) {
      result.error = exchange.error();
      result.message = result.error.message;
      result.error.message = {};  // it may lie in the arena, which ends here
    }
    if (result.progress != Progress::done) return;
    const RequestHead& head = exchange.head();
    result.method = head.method;
    result.path = head.path;
    result.query = head.query;
    result.host = head.host;
    result.coding = head.content_encoding;
    result.keep_alive = head.keep_alive;
    result.expects_continue = head.expects_continue;
    if (in_body) result.body = exchange.body();
    result.leftover = exchange.leftover();
  }

  HeadLimits limits;
  HeadMemo memo;
  std::size_t body_bytes_max = 1024 * 1024;
};

TEST_F(ExchangeTest, ARequestWithItsBodyArrivesInOnePieceOrByteByByte) {
  const std::string_view request =
      "POST /log?format=json&x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET ";
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    SCOPED_TRACE(piece);
    const Received got = receive(request, piece);
    ASSERT_EQ(got.progress, Progress::done);
    EXPECT_EQ(got.method, Method::post);
    EXPECT_EQ(got.path, "/log");
    EXPECT_EQ(got.query, "format=json&x=1");
    EXPECT_EQ(got.body, "hello");
    EXPECT_EQ(got.leftover, "GET ");
    EXPECT_TRUE(got.keep_alive);
  }
}

TEST_F(ExchangeTest, AChunkedBodyDecodesTheSameInEverySplit) {
  const std::string_view request =
      "PUT /log HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5\r\nhello\r\n1;name=value\r\n,\r\n006\r\n world\r\n0\r\nX-Trailer: yes\r\n\r\nPOST";
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    SCOPED_TRACE(piece);
    const Received got = receive(request, piece);
    ASSERT_EQ(got.progress, Progress::done) << got.message;
    EXPECT_EQ(got.body, "hello, world");
    EXPECT_EQ(got.leftover, "POST");
  }
}

TEST_F(ExchangeTest, LargeBodiesSurviveRandomSplits) {
  const unsigned seed = 20261122;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 40; ++round) {
    std::string body(random() % 400'000, '\0');
    std::generate(body.begin(), body.end(), [&] { return static_cast<char>(random()); });
    std::string plain =
        "POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
        "\r\n\r\n" + body;
    std::string chunked = "POST /log HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size();) {
      const std::size_t size = std::min<std::size_t>(1 + random() % 70'000, body.size() - at);
      char head[32];
      std::snprintf(head, sizeof head, "%zx\r\n", size);
      chunked.append(head).append(body, at, size).append("\r\n");
      at += size;
    }
    chunked += "0\r\n\r\n";
    const auto next = [&] { return std::size_t{1} + random() % 50'000; };
    if (body.empty()) continue;
    EXPECT_EQ(receive_in(plain, next).body, body);
    EXPECT_EQ(receive_in(chunked, next).body, body);
  }
}

TEST_F(ExchangeTest, AHeaderLargerThanTheFirstBlockGrowsAndKeepsItsFields) {
  std::string request = "GET /a HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 50; ++i) {
    request += "X-" + std::to_string(i) + ": " + std::string(1000, 'x') + "\r\n";
  }
  request += "Expect: 100-continue\r\n\r\n";
  for (const std::size_t piece : {1UL, 999UL, SIZE_MAX}) {
    const Received got = receive(request, piece);
    ASSERT_EQ(got.progress, Progress::done) << got.message;
    EXPECT_EQ(got.path, "/a");
    EXPECT_TRUE(got.expects_continue);
  }
}

TEST_F(ExchangeTest, AHeaderOverItsLimitIsRefusedWith431) {
  limits.header_bytes_max = 16 * 1024;
  const std::string endless = "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(40'000, 'x');
  EXPECT_EQ(receive(endless, 1000).error.status, 431);
  limits.header_count_max = 3;
  EXPECT_EQ(receive("GET / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n").error.status, 431);
}

TEST_F(ExchangeTest, AChunkedBodyOverItsLimitIsRefusedWith413) {
  body_bytes_max = 10;
  const std::string_view head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(receive(std::string(head) + "b\r\nhello world\r\n0\r\n\r\n").error.status, 413);
  EXPECT_EQ(receive(std::string(head) + "6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n").error.status,
            413);
  EXPECT_EQ(receive(std::string(head) + "a\r\nhelloworld\r\n0\r\n\r\n").progress, Progress::done);
}

TEST_F(ExchangeTest, TheSizeLineOfAChunkAndTheTrailersMayNotGrowWithoutEnd) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string filler(17'000, 'x');
  const std::string endless_line = head + "1;x=" + filler;
  const std::string long_line = endless_line + "\r\n1\r\n0\r\n\r\n";
  const std::string long_trailers = head + "0\r\nX: " + filler + "\r\n\r\n";
  for (const std::size_t piece : {std::size_t{100}, std::size_t{4096}, SIZE_MAX}) {
    for (const std::string& request : {endless_line, long_line, long_trailers}) {
      EXPECT_EQ(receive(request, piece).error.code, ErrorCode::bad_chunk);
    }
  }
}

TEST_F(ExchangeTest, ARequestWithoutHeaderLinesArrivesByteByByte) {
  const Received got = receive("GET /healthz HTTP/1.0\r\n\r\n", 1);
  EXPECT_EQ(got.progress, Progress::done);
  EXPECT_EQ(got.path, "/healthz");
}

TEST_F(ExchangeTest, APreloadLargerThanTheFirstBlockIsTheBeginningOfTheRequest) {
  const std::string request = "POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  std::string pipelined = request;
  while (pipelined.size() < 50'000) pipelined += request;
  arena::Arena arena;
  Exchange* const exchange = Exchange::create(arena, limits, memo);
  exchange->preload(pipelined);
  ASSERT_EQ(exchange->parse_head(), Progress::done) << exchange->error().message;
  exchange->begin_body(body_bytes_max);
  ASSERT_EQ(exchange->parse_body(), Progress::done);
  EXPECT_EQ(exchange->body(), "hello");
  EXPECT_EQ(exchange->leftover(), std::string_view(pipelined).substr(request.size()));
  exchange->destroy();
}

TEST_F(ExchangeTest, EmptyLinesBeforeARequestLineAreSkipped) {
  const std::string_view request = "\r\n\r\nGET /a HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::size_t piece : {1UL, 3UL, SIZE_MAX}) {
    EXPECT_EQ(receive(request, piece).path, "/a") << piece;
  }
}

TEST_F(ExchangeTest, ATargetInAbsoluteFormIsServedAsItsPath) {
  const Received got = receive("GET HTTP://example.com:80/a?b=c HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(got.progress, Progress::done);
  EXPECT_EQ(got.path, "/a");
  EXPECT_EQ(got.query, "b=c");
  EXPECT_EQ(got.host, "example.com:80");
  EXPECT_EQ(receive("GET http://example.com HTTP/1.1\r\nHost: a\r\n\r\n").path, "/");
}

TEST_F(ExchangeTest, HttpOneZeroExpectsNoInterimReply) {
  const Received got =
      receive("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx");
  ASSERT_EQ(got.progress, Progress::done);
  EXPECT_FALSE(got.expects_continue);
}

TEST_F(ExchangeTest, ContentEncodingsAreOneListWhateverTheirLines) {
  const auto coding = [this](std::string_view lines) {
    return receive("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n").coding;
  };
  EXPECT_EQ(coding(""), "");
  EXPECT_EQ(coding("Content-Encoding: identity\r\n"), "");
  EXPECT_EQ(coding("Content-Encoding: Identity ,\tIDENTITY,,\r\n"), "");
  EXPECT_EQ(coding("Content-Encoding:\r\n"), "");
  EXPECT_EQ(coding("Content-Encoding: GZip\r\n"), "GZip");
  EXPECT_EQ(coding("Content-Encoding: gzip\r\nContent-Encoding: identity\r\n"), "gzip");
  EXPECT_EQ(coding("Content-Encoding: identity\r\nContent-Encoding: gzip\r\n"), "gzip");
  EXPECT_EQ(coding("Content-Encoding: identity, deflate , br\r\n"), "deflate");
}

TEST_F(ExchangeTest, AnErrorSaysWhereTheFaultIs) {
  const struct {
    std::string_view bytes;
    std::string_view place;
  } cases[] = {
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "See line 1 of the request, byte 5."},
      {"GET / HTTP/1.1\r\nHost: a\r\nBad Name: v\r\n\r\n", "See line 3 of the request, byte 4."},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n", "See line 3 of the request, `X`, byte 5."},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: b\r\nY: c\r\n folded\r\n\r\n",
       "See line 5 of the request, byte 1."},
      {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "See line 3 of the request, byte 1."},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
       "See line 3 of the request, `Content-Length`."},
      {"GET / HTTP/1.1\r\nX: y\r\nHost: a b/c\r\n\r\n", "See line 3 of the request, `Host`."},
  };
  for (const auto& c : cases) {
    for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
      const Received got = receive(c.bytes, piece);
      EXPECT_THAT(got.message, testing::EndsWith(std::string(c.place))) << c.bytes;
    }
  }
}

TEST_F(ExchangeTest, AnErrorInAChunkedBodySaysItsByte) {
  const struct {
    std::string_view body;
    std::string_view byte;
  } cases[] = {
      {"zz\r\n", "byte 1 "},
      {"5\nhello", "byte 2 "},
      {"5\r\nhello5\r\n", "byte 9 "},
      {"5\r\nhello\r\n1;a=b\nc", "byte 16 "},
      {"5\r\nhello\r\n0\r\nBad Trailer\r\n\r\n", "byte 17 "},
      {"5\r\nhello\r\n0\r\nA: b\n\n", "byte 18 "},
  };
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& c : cases) {
    for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
      const Received got = receive(head + std::string(c.body), piece);
      EXPECT_EQ(got.error.code, ErrorCode::bad_chunk);
      EXPECT_THAT(got.message, testing::HasSubstr(std::string(c.byte))) << c.body;
    }
  }
}

struct BadRequest {
  std::string_view bytes;
  std::uint16_t status;
  std::string_view code;
};

void PrintTo(const BadRequest& bad, std::ostream* out) {
  *out << bad.code;
}

class BadRequestTest : public ExchangeTest, public ::testing::WithParamInterface<BadRequest> {};

TEST_P(BadRequestTest, IsRefusedWithItsStatusAndCodeInEverySplit) {
  const BadRequest& bad = GetParam();
  for (const std::size_t piece : {SIZE_MAX, std::size_t{1}, std::size_t{7}}) {
    SCOPED_TRACE(piece);
    const Received got = receive(bad.bytes, piece);
    ASSERT_EQ(got.progress, Progress::failed) << bad.bytes;
    EXPECT_EQ(got.error.status, bad.status) << bad.bytes;
    EXPECT_EQ(to_string(got.error.code), bad.code) << bad.bytes;
    EXPECT_FALSE(got.message.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    , BadRequestTest,
    ::testing::Values(
        BadRequest{"GET / HTTP/1.1\r\n\r\n", 400, "missing_host"},
        BadRequest{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_host"},
        BadRequest{"GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n", 400, "bad_host"},
        BadRequest{"GET http://a@b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_host"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
                   400, "bad_content_length"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx", 400,
                   "bad_content_length"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400,
                   "bad_content_length"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", 400,
                   "bad_content_length"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
                   400, "bad_content_length"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: "
                   "chunked\r\n\r\n",
                   400, "bad_transfer_encoding"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: "
                   "5\r\n\r\n",
                   400, "bad_content_length"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n",
                   400, "bad_transfer_encoding"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501,
                   "unknown_transfer_coding"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501,
                   "unknown_transfer_coding"},
        BadRequest{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
                   "bad_transfer_encoding"},
        BadRequest{"GET / HTTP/1.1\r\nHost: a\r\nX: one\r\n two\r\n\r\n", 400, "bad_header"},
        BadRequest{"GET / HTTP/1.1\r\nHost: a\r\nX:\r\n two\r\n\r\n", 400, "bad_header"},
        BadRequest{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "bad_header"},
        BadRequest{"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400, "bad_header"},
        BadRequest{"GET / HTTP/1.1\r\nHost: a\r\nX: a\x01z\r\n\r\n", 400, "bad_header"},
        BadRequest{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 400, "bad_http_version"},
        BadRequest{"GET / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\n\r\n", 417, "bad_expectation"},
        BadRequest{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "http2_on_plain_port"},
        BadRequest{"\x16\x03\x01\x02\x05\x01\x0a\x0b\x0c\x0d\x0e", 400, "tls_on_plain_port"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
                   400, "bad_chunk"},
        BadRequest{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                   "1\r\nxyz\r\n0\r\n\r\n",
                   400, "bad_chunk"}));

}  // namespace
}  // namespace logboom::server
