// What a session answers: the way from a parsed header to a reply. The connection's own mechanics,
// reading, writing and waiting, are in session.cpp.
#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include <fmt/format.h>
#include <boost/algorithm/string/predicate.hpp>

#include "handlers/plain_log.hpp"
#include "server/admin.hpp"
#include "server/session.hpp"
#include "server/staging_sink.hpp"

namespace logboom::server {
namespace {

constexpr HttpError kEmptyBody{
    400, ErrorCode::empty_body,
    "The body is empty: send a JSON object, an array, NDJSON or text lines."};
constexpr HttpError kStoreFull{503, ErrorCode::store_full,
                               "There is no room for new records; make room on the data "
                               "directory's file system. Nothing of this request is stored."};
constexpr HttpError kStoreFailed{503, ErrorCode::store_failed,
                                 "The store could not write or sync; whether this request is "
                                 "stored is unknown. The server's log says why."};

constexpr HttpError kOutOfMemory{503, ErrorCode::out_of_memory,
                                 "The server is out of memory; nothing of this request is stored."};
constexpr HttpError kStagesTooMuch{
    413, ErrorCode::records_too_large,
    "As they are stored, the records of this body take more than server.inflight_max and than "
    "four times limits.body; split the body, or raise server.inflight_max. Nothing of it is "
    "stored."};
// After parsing more than this the time is read again.
constexpr std::size_t kLongParseBytes = 64 * 1024;

// Whether a Host header names this machine as only this machine's own clients can: a name that a
// foreign web page made resolve to 127.0.0.1 is not among them.
bool is_loopback_host(std::string_view host) {
  const std::size_t name_end = host.starts_with('[') ? host.find(']') + 1 : host.find(':');
  const std::string_view name = host.substr(0, name_end);
  const std::string_view port = host.substr(name.size());
  if (!port.empty() && (port[0] != ':' || port.find_first_not_of("0123456789", 1) != port.npos)) {
    return false;
  }
  if (name == "[::1]" || boost::algorithm::iequals(name, "localhost")) return true;
  char text[INET_ADDRSTRLEN] = {};
  if (name.size() >= sizeof text) return false;
  name.copy(text, name.size());
  in_addr address{};
  return ::inet_pton(AF_INET, text, &address) == 1 && (ntohl(address.s_addr) >> 24) == 127;
}

}  // namespace

void Session::on_head() {
  const RequestHead& head = exchange_->head();
  const std::string_view path = normalise_path(head.path, arena());
  const Routing routing = find_route(path, head.method);
  // A body that nobody reads ends the connection, for its bytes would be taken for a request.
  if (routing.route == nullptr || !routing.route->ingest) keep_alive_ = !head.has_body();
  if (routing.route == nullptr) return answer_unroutable(routing);
  if (!may_read(*routing.route)) {
    return fail({403, ErrorCode::forbidden,
                 "Without authentication this page answers only clients on this machine that "
                 "address it as localhost."});
  }
  if (!routing.route->ingest) return answer_read(routing.route->endpoint);
  on_ingest_head();
}

bool Session::may_read(const Route& route) const {
  if (route.access == Access::anyone) return true;
  return peer_is_loopback_ && is_loopback_host(exchange_->head().host);
}

void Session::answer_unroutable(const Routing& routing) {
  const Method method = exchange_->head().method;
  if (routing.allow.empty()) {
    return answer_error(
        {404, ErrorCode::not_found, "There is nothing at this path; logs go to POST /log."});
  }
  if (method == Method::options) return answer_options(routing.allow);
  answer_error({405, ErrorCode::method_not_allowed,
                "This path does not answer that method. To send a log: curl -d "
                "'{\\\"message\\\":\\\"hello\\\"}' http://HOST:PORT/log"},
               allow_header(routing.allow));
}

// The client sends no more. Whether it still reads cannot be told, so a request that it has begun
// gets a reply; nothing of it is stored.
void Session::on_end_of_stream() {
  if (phase_ == Phase::idle || !exchange_->has_begun()) return close();
  host_.telemetry().aborted.add();
  fail({400, ErrorCode::incomplete_request, arena().copy(describe_missing())});
}

std::string Session::describe_missing() const {
  if (phase_ == Phase::header) return "The request ended before its header was complete.";
  const std::size_t arrived = exchange_->held_bytes() + unread_bytes();
  if (exchange_->head().chunked) {
    return fmt::format("The request ended before its body's last chunk, after {} bytes.", arrived);
  }
  return fmt::format("The request ended before its body was complete: {} of {} bytes arrived.",
                     arrived, *exchange_->head().content_length);
}

void Session::answer_options(std::string_view allow) {
  Reply options;
  options.status = 204;
  options.content_type = {};
  options.extra_headers = allow_header(allow);
  reply(options);
}

std::string_view Session::allow_header(std::string_view methods) {
  constexpr std::string_view kName = "Allow: ";
  const std::span<char> line =
      arena().create_span_uninitialized<char>(kName.size() + methods.size() + 2);
  char* out = std::copy(kName.begin(), kName.end(), line.data());
  out = std::copy(methods.begin(), methods.end(), out);
  *out++ = '\r';
  *out++ = '\n';
  return {line.data(), line.size()};
}

void Session::answer_read(Endpoint endpoint) {
  const Admin& admin = host_.admin();
  kind_ = RequestKind::page;
  switch (endpoint) {
    case Endpoint::greeting: return reply(admin.greeting(exchange_->head(), arena()));
    case Endpoint::healthz: return reply(admin.healthz());
    case Endpoint::readyz: return reply(admin.readyz(arena()));
    case Endpoint::stats: return reply(admin.stats(arena()));
    case Endpoint::metrics: return reply(admin.metrics(arena()));
    case Endpoint::plain_log: return;
  }
}

void Session::on_ingest_head() {
  const RequestHead& head = exchange_->head();
  if (const auto refusal = refuse_ingest()) return fail(*refusal);
  if (!head.has_body()) return answer_error(kEmptyBody);
  if (!lease_) return give_up_pause();  // the reserve is for health checks
  const bool body_waits = exchange_->leftover().empty();
  exchange_->begin_body(settings().limits.body_bytes_max);
  if (head.expects_continue && body_waits) send_continue();
  if (phase_ == Phase::closed) return;
  phase_ = Phase::body;
  body_bytes_due_ = 0;
  advance_body();
}

// What can be refused before the body is read.
std::optional<HttpError> Session::refuse_ingest() const {
  const RequestHead& head = exchange_->head();
  if (host_.store_state() == store::State::full) return kStoreFull;
  if (host_.store_state() == store::State::failed) return kStoreFailed;
  if (!head.content_encoding.empty()) {
    return HttpError{
        415, ErrorCode::unsupported_content_encoding,
        "This version reads no Content-Encoding but identity: send the body as it is."};
  }
  if (!head.chunked && !head.content_length) {
    return HttpError{411, ErrorCode::length_required,
                     "The request has neither Content-Length nor Transfer-Encoding: chunked."};
  }
  if (head.content_length.value_or(0) > settings().limits.body_bytes_max) {
    return HttpError{413, ErrorCode::body_too_large, "The body is larger than limits.body allows."};
  }
  return std::nullopt;
}

void Session::send_continue() {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  const ssize_t n = ::send(descriptor_, kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
  // Where earlier replies fill the socket's buffer the client goes on without it after a while.
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (n != static_cast<ssize_t>(kContinue.size())) close();
}

// Parses the whole body into records, staged as one unit with the reply that its commit will send.
void Session::ingest() {
  const SessionHost::Clock::time_point received = SessionHost::Clock::now();
  store::StagingChain& chain = host_.chain();
  const store::StagingChain::Mark mark = chain.mark();
  std::optional<HttpError> refusal;
  try {
    refusal = parse_into(chain);
  } catch (const std::bad_alloc&) {
    refusal = kOutOfMemory;
  }
  stage_began_at_ = SessionHost::Clock::now();
  if (holds_logs(kind_)) {
    host_.telemetry().record_stage(Stage::read, received - first_byte_at_);
    host_.telemetry().record_stage(Stage::parse, stage_began_at_ - received);
  }
  if (refusal) {
    chain.rollback(mark);
    return fail(*refusal);
  }
  answer_ingest(chain.totals().held_bytes() - mark.totals.held_bytes());
}

// Everything that can fail: afterwards the chain is complete, or is to be rolled back.
std::optional<HttpError> Session::parse_into(store::StagingChain& chain) {
  StagingSink sink(chain, settings().staged_bytes_max, host_.arrival_ns());
  const handlers::RequestContext context{arena(), sink, settings().limits.record,
                                         host_.arrival_ns(), exchange_->head().query};
  handlers::PlainLogHandler handler(context);
  static_cast<void>(handler.feed(exchange_->body(), true));
  if (const auto protocol = handler.protocol()) {
    kind_ = *protocol == handlers::Protocol::text ? RequestKind::text : RequestKind::json;
  }
  if (sink.overflowed()) return kStagesTooMuch;
  outcome_ = handler.outcome();
  prepared_ = {};
  prepared_.status = outcome_.accepted == 0 && outcome_.rejected > 0 ? 400 : 200;
  prepared_.body = handlers::write_plain_log_reply(outcome_, arena());
  generation_ = host_.next_generation();
  waits_for_commit_ = outcome_.accepted + outcome_.rejected > 0 && !host_.acknowledges_ahead();
  if (has_ticket()) chain.add_ticket({identity_.slot, generation_});
  sink.count_into(host_.telemetry());
  return std::nullopt;
}

// What has the baton must learn when its bytes are gone, even if its reply does not wait for it.
bool Session::has_ticket() const {
  return waits_for_commit_ || (has_baton_ && outcome_.accepted + outcome_.rejected > 0);
}

void Session::answer_ingest(std::size_t staged_bytes) {
  if (!outcome_.request_error.empty()) {
    return answer_error({400, ErrorCode::bad_parameter, outcome_.request_error});
  }
  if (outcome_.empty_body) return answer_error(kEmptyBody);
  if (exchange_->body().size() > kLongParseBytes) host_.refresh_now();
  exchange_->release_body();
  // From here on the staged copy is what counts against the budget, until it is durable.
  if (has_ticket() && std::exchange(has_baton_, false)) host_.leave_baton_to(generation_);
  release_charge();
  host_.charge(staged_bytes);
  host_.chain().add_charge(staged_bytes);
  if (!waits_for_commit_) return reply(prepared_);
  phase_ = Phase::committing;
  arm(settings().commit_timeout);
}

// The outcome is taken up in the turn of the loop that learned of it, which began at now().
void Session::end_commit_wait() noexcept {
  host_.telemetry().record_stage(Stage::commit_wait, host_.now() - stage_began_at_);
  stage_began_at_ = host_.now();
}

void Session::answer_commit(store::CommitStatus status) {
  end_commit_wait();
  switch (status) {
    case store::CommitStatus::ok: return reply(prepared_);
    case store::CommitStatus::full: return fail(kStoreFull);
    case store::CommitStatus::failed: return fail(kStoreFailed);
  }
}

}  // namespace logboom::server
