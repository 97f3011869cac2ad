#include "server/head_memo.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "server/http_request.hpp"

namespace logboom::server {
namespace {

class HeadMemoTest : public ::testing::Test {
 protected:
  // What the parser makes of a head; lives as long as the test.
  RequestHead parsed(const std::string& head) {
    RequestParser* const parser = RequestParser::create(arena_, {});
    std::size_t consumed = 0;
    EXPECT_EQ(parser->parse_head(head, consumed), RequestParser::Progress::done) << head;
    EXPECT_EQ(consumed, head.size());
    const RequestHead result = parser->head();
    parser->destroy();
    return result;
  }

  // Of bytes that are gone by the time that it is looked up.
  void keep(const std::string& head) {
    const auto copy = std::make_unique<std::string>(head);
    memo_.keep(*copy, parsed(*copy));
  }

  void expect_known(const std::string& head) {
    const std::string bytes = head + "and a body";
    const auto known = memo_.find(bytes, arena_);
    ASSERT_TRUE(known.has_value()) << head;
    EXPECT_EQ(known->bytes, head.size());
    expect_equal(known->head, parsed(head));
    EXPECT_EQ(known->head.path.data(), bytes.data() + bytes.find('/'));
  }

  static void expect_equal(const RequestHead& one, const RequestHead& other) {
    EXPECT_EQ(one.method, other.method);
    EXPECT_EQ(one.path, other.path);
    EXPECT_EQ(one.query, other.query);
    EXPECT_EQ(one.http_1_0, other.http_1_0);
    EXPECT_EQ(one.keep_alive, other.keep_alive);
    EXPECT_EQ(one.chunked, other.chunked);
    EXPECT_EQ(one.expects_continue, other.expects_continue);
    EXPECT_EQ(one.content_length, other.content_length);
    EXPECT_EQ(one.host, other.host);
    EXPECT_EQ(one.content_encoding, other.content_encoding);
    EXPECT_EQ(one.accept, other.accept);
    EXPECT_EQ(one.user_agent, other.user_agent);
    ASSERT_EQ(one.fields.size(), other.fields.size());
    for (std::size_t i = 0; i < one.fields.size(); ++i) {
      EXPECT_EQ(one.fields[i].name, other.fields[i].name);
      EXPECT_EQ(one.fields[i].value, other.fields[i].value);
    }
  }

  arena::Arena arena_;
  HeadMemo memo_;
};

TEST_F(HeadMemoTest, KnowsWhatTheParserMadeOfAHead) {
  const std::string heads[] = {
      "POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n",
      "POST /log?format=json HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 7\r\n\r\n",
      "POST /log HTTP/1.1\r\nHost: a:80\r\nContent-Encoding: gzip\r\nUser-Agent: shipper/1\r\n"
      "Accept: */*\r\nExpect: 100-continue\r\nX-Empty:\r\nContent-Length: 5\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  };
  for (const std::string& head : heads) {
    EXPECT_FALSE(memo_.find(head, arena_).has_value());
    keep(head);
  }
  for (const std::string& head : heads) expect_known(head);
}

TEST_F(HeadMemoTest, DoesNotKnowAHeadThatDiffersInOneByte) {
  const std::string head = "POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  keep(head);
  for (std::size_t i = 0; i < head.size(); ++i) {
    std::string other = head;
    other[i] ^= 1;
    EXPECT_FALSE(memo_.find(other, arena_).has_value()) << "byte " << i;
  }
}

TEST_F(HeadMemoTest, DoesNotKnowAHeadThatIsNotWhole) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  keep(head);
  for (std::size_t i = 0; i < head.size(); ++i) {
    EXPECT_FALSE(memo_.find(std::string_view(head).substr(0, i), arena_).has_value()) << i;
  }
}

TEST_F(HeadMemoTest, OfMoreHeadsThanItHasPlacesItKnowsSomeAndConfusesNone) {
  std::vector<std::string> heads;
  for (std::size_t i = 0; i < 3 * HeadMemo::kPlaces; ++i) {
    heads.push_back("POST /log HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(i) +
                    "\r\n\r\n");
    keep(heads.back());
  }
  std::size_t known = 0;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const auto found = memo_.find(heads[i], arena_);
    if (!found) continue;
    ++known;
    EXPECT_EQ(found->head.content_length, i);
  }
  EXPECT_GT(known, HeadMemo::kPlaces / 2);
  EXPECT_LE(known, HeadMemo::kPlaces);
}

TEST_F(HeadMemoTest, DoesNotKeepWhatDoesNotFit) {
  const std::string long_head =
      "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(HeadMemo::kHeadBytesMax, 'x') + "\r\n\r\n";
  std::string many_fields = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (std::size_t i = 0; i < HeadMemo::kFieldsMax; ++i) many_fields += "X: y\r\n";
  many_fields += "\r\n";
  for (const std::string& head : {long_head, many_fields}) {
    keep(head);
    EXPECT_FALSE(memo_.find(head, arena_).has_value());
  }
}

// In absolute form a target may have no path of its own, and then the parser's is not in the head.
TEST_F(HeadMemoTest, DoesNotKeepViewsOfOtherBytes) {
  const std::string head = "GET http://a HTTP/1.1\r\nHost: a\r\n\r\n";
  keep(head);
  EXPECT_FALSE(memo_.find(head, arena_).has_value());
}

}  // namespace
}  // namespace logboom::server
