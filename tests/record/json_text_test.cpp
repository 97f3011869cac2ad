#include "record/json_text.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace logboom::record {
namespace {

std::string escaped(std::string_view text) {
  std::string out(text.size() * kEscapedBytesMax, '\0');
  out.resize(static_cast<std::size_t>(escape(text, out.data()) - out.data()));
  return out;
}

std::string unescaped(std::string_view inner) {
  std::string out(inner.size(), '\0');
  out.resize(unescape(inner, out.data()));
  return out;
}

std::string minified(std::string_view json) {
  std::string out(json.size(), '\0');
  out.resize(static_cast<std::size_t>(minify(json, out.data()) - out.data()));
  return out;
}

TEST(JsonTextTest, EscapesWhatAStringMayNotHold) {
  EXPECT_EQ(escaped("plain"), "plain");
  EXPECT_EQ(escaped("say \"hi\" \\ / \x7f"), "say \\\"hi\\\" \\\\ / \x7f");
  EXPECT_EQ(escaped("\b\f\n\r\t"), "\\b\\f\\n\\r\\t");
  EXPECT_EQ(escaped(std::string_view("\0\x01\x0b\x1f", 4)), "\\u0000\\u0001\\u000b\\u001f");
  EXPECT_EQ(escaped("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
}

TEST(JsonTextTest, UnescapesEveryEscape) {
  EXPECT_EQ(unescaped("a\\\"\\\\\\/\\b\\f\\n\\r\\tz"), "a\"\\/\b\f\n\r\tz");
  EXPECT_EQ(unescaped("\\u0041\\u00e9\\u20AC"), "A\xc3\xa9\xe2\x82\xac");
  EXPECT_EQ(unescaped("\\ud83c\\udf89"), "\xf0\x9f\x8e\x89");
  EXPECT_EQ(unescaped("\\ud83c"), "\xef\xbf\xbd");
  EXPECT_EQ(unescaped("\\udf89x"), "\xef\xbf\xbdx");
  EXPECT_EQ(unescaped("\\ud83c\\u0041"),
            "\xef\xbf\xbd"
            "A");
}

TEST(JsonTextTest, EscapingAnyBytesIsUndoneByUnescaping) {
  const unsigned seed = 7;
  std::mt19937 random(seed);
  for (std::size_t size = 0; size < 200; ++size) {
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>(random() % (random() % 4 == 0 ? 0x30 : 0x80));
    EXPECT_EQ(unescaped(escaped(text)), text) << "seed " << seed << " size " << size;
  }
}

TEST(JsonTextTest, FindsTheFirstSpecialByteAtEveryOffset) {
  for (std::size_t size = 0; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char special : {'"', '\\', '\n', '\0', '\x1f'}) {
        // Exactly sized, so that a sanitizer sees a read behind the end.
        std::vector<char> bytes(size, '\x80');
        bytes[at] = special;
        EXPECT_EQ(find_string_special(bytes.data(), bytes.data() + size), bytes.data() + at);
      }
    }
  }
}

TEST(JsonTextTest, MinifyDropsSpaceOnlyBetweenTokens) {
  EXPECT_EQ(minified("{ \"a b\" :\n [ 1.50 ,\t\"x\\\" \\n y\" ] \r\n}"),
            "{\"a b\":[1.50,\"x\\\" \\n y\"]}");
  EXPECT_EQ(minified("\"  \""), "\"  \"");
}

}  // namespace
}  // namespace logboom::record
