#include "server/http_grammar.hpp"

#include <gtest/gtest.h>

#include <string>

namespace logboom::server {
namespace {

struct Line {
  std::string_view text;
  std::size_t fault;
};

TEST(HttpGrammarTest, FindsTheByteThatBreaksARequestLine) {
  const Line lines[] = {
      {"", kNoFault},
      {"GE", kNoFault},
      {"GET /a?b=%20 HTTP/1.1\r\nHost", kNoFault},
      {"GET /a HTTP/1", kNoFault},
      {"OPTIONS * HTTP/1.0\r", kNoFault},
      {" GET / HTTP/1.1\r\n", 0},
      {"G\x01T / HTTP/1.1\r\n", 1},
      {"GARBAGE\r\n", 7},
      {"GET  / HTTP/1.1\r\n", 4},
      {"GET /\r\n", 5},
      {"GET /\x7f HTTP/1.1\r\n", 5},
      {"GET / http/1.1\r\n", 6},
      {"GET / HTTP/2.0\r\n", 11},
      {"GET / HTTP/1.2\r\n", 13},
      {"GET / HTTP/1.1 \r\n", 14},
      {"GET / HTTP/1.1\n", 14},
  };
  for (const Line& line : lines)
    EXPECT_EQ(find_request_line_fault(line.text), line.fault) << line.text;
}

TEST(HttpGrammarTest, FindsTheByteThatBreaksAHeaderLine) {
  const Line lines[] = {
      {"", kNoFault},
      {"Nam", kNoFault},
      {"Name:", kNoFault},
      {"Name: v\r", kNoFault},
      {"N: \x80\t\r\n", kNoFault},
      {": v\r\n", 0},
      {"Name : v\r\n", 4},
      {"Name\r\n", 4},
      {"N\xe4me: v\r\n", 1},
      {"Name: a\x01\r\n", 7},
      {"Name: a\nb\r\n", 7},
      {"Name: a\rb\r\n", 8},
  };
  for (const Line& line : lines) EXPECT_EQ(find_field_fault(line.text), line.fault) << line.text;
  EXPECT_EQ(field_name("Name: v\r\n"), "Name");
  EXPECT_EQ(field_name("Name : v\r\n"), "");
}

TEST(HttpGrammarTest, FindsTheByteThatBreaksTheFramingOfChunks) {
  const Line lines[] = {
      {"", kNoFault},
      {"1a", kNoFault},
      {"1A\r", kNoFault},
      {"5;a=\"b c\"\r\nhello", kNoFault},
      {"5 ;a\r\n", kNoFault},
      {"0\r\n\r\nPOST", kNoFault},
      {"00\r\nA: b\r\nC: d", kNoFault},
      {"0\r\nA: b\r\n\r\n", kNoFault},
      {"\r\n5\r\n", 0},
      {"x\r\n", 0},
      {"0x5\r\n", 1},
      {"5\nhello", 1},
      {"5;a\nhello", 3},
      {"5\rhello", 2},
      {"0\n", 1},
      {"0\r\n\n", 3},
      {"0\r\nA: b\n\n", 7},
      {"0\r\nBad Trailer\r\n\r\n", 6},
      {"0\r\nA: b\r\n folded\r\n\r\n", 9},
  };
  for (const Line& line : lines)
    EXPECT_EQ(find_chunk_fault(line.text, false), line.fault) << line.text;
  EXPECT_EQ(find_chunk_fault("\r\n5\r\n", true), kNoFault);
  EXPECT_EQ(find_chunk_fault("\r", true), kNoFault);
  EXPECT_EQ(find_chunk_fault("x\r\n", true), 0U);
  EXPECT_EQ(find_chunk_fault("\r\n5\nhello", true), 3U);
}

TEST(HttpGrammarTest, KnowsAHostFromOtherText) {
  for (const std::string_view host : {"", "a", "logs.example.com", "a_b", "127.0.0.1:8080",
                                      "a:", "[::1]", "[::1]:8080", "[fe80::1]", "x%20y", ":80"}) {
    EXPECT_TRUE(is_valid_host(host)) << host;
  }
  for (const std::string_view host :
       {"a b", "a b/c", "a/b", "a@b", "a:b", "a:80:80", "[::1", "[]", "[::1]x", "::1", "a,b c",
        "\"a\"", "a\\b", "\xc3\xa4", "a?b", "a#b", "[a/b]"}) {
    EXPECT_FALSE(is_valid_host(host)) << host;
  }
}

}  // namespace
}  // namespace logboom::server
