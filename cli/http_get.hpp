#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace logboom::cli {

// An `http://` address, taken apart.
struct Url {
  std::string host;  // without the brackets of IPv6
  std::string port = "80";
  std::string path;  // without a trailing slash; often empty
};

struct HttpReply {
  int status = 0;
  std::string body;  // at most 64 KiB of it
};

// The error is a sentence.
[[nodiscard]] boost::system::result<Url, std::string> parse_url(std::string_view text);

// One blocking request on a connection of its own. `timeout` covers connecting and the reply, but
// not the look-up of a name. The error is a sentence.
[[nodiscard]] boost::system::result<HttpReply, std::string> http_get(
    const Url& url, std::string_view path, std::chrono::milliseconds timeout);

}  // namespace logboom::cli
