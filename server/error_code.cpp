#include "server/error_code.hpp"

namespace logboom::server {

std::string_view to_string(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::bad_chunk: return "bad_chunk";
    case ErrorCode::bad_content_length: return "bad_content_length";
    case ErrorCode::bad_expectation: return "bad_expectation";
    case ErrorCode::bad_header: return "bad_header";
    case ErrorCode::bad_host: return "bad_host";
    case ErrorCode::bad_http_version: return "bad_http_version";
    case ErrorCode::bad_parameter: return "bad_parameter";
    case ErrorCode::bad_request: return "bad_request";
    case ErrorCode::bad_request_line: return "bad_request_line";
    case ErrorCode::bad_transfer_encoding: return "bad_transfer_encoding";
    case ErrorCode::body_too_large: return "body_too_large";
    case ErrorCode::commit_timeout: return "commit_timeout";
    case ErrorCode::empty_body: return "empty_body";
    case ErrorCode::forbidden: return "forbidden";
    case ErrorCode::header_too_large: return "header_too_large";
    case ErrorCode::http2_on_plain_port: return "http2_on_plain_port";
    case ErrorCode::incomplete_request: return "incomplete_request";
    case ErrorCode::length_required: return "length_required";
    case ErrorCode::method_not_allowed: return "method_not_allowed";
    case ErrorCode::missing_host: return "missing_host";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::out_of_memory: return "out_of_memory";
    case ErrorCode::overloaded: return "overloaded";
    case ErrorCode::records_too_large: return "records_too_large";
    case ErrorCode::request_timeout: return "request_timeout";
    case ErrorCode::store_failed: return "store_failed";
    case ErrorCode::store_full: return "store_full";
    case ErrorCode::tls_on_plain_port: return "tls_on_plain_port";
    case ErrorCode::too_many_headers: return "too_many_headers";
    case ErrorCode::unknown_transfer_coding: return "unknown_transfer_coding";
    case ErrorCode::unsupported_content_encoding: return "unsupported_content_encoding";
  }
  return "unknown";
}

}  // namespace logboom::server
