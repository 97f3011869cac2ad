#include "tests/crash/oracle.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace logboom::store {

namespace {

std::string short_of(std::string_view line) {
  return std::string(line.substr(0, 60)) + (line.size() > 60 ? "..." : "");
}

Survives promise_of(CommitStatus status, Durability durability) noexcept {
  if (status != CommitStatus::ok) return Survives::nothing;
  switch (durability) {
    case Durability::sync: return Survives::power_cut;
    case Durability::write: return Survives::kill;
    case Durability::memory: break;
  }
  return Survives::nothing;
}

}  // namespace

void Oracle::Reading::take(const RecordView& record) {
  const auto recognised = oracle_.recognise(record);
  if (!recognised) return;
  const RecordName name = *recognised;
  if (records_left_ == 0) begin_request(name, record.seq);
  const bool follows = requests_.back() == name.request && next_record_ == name.record &&
                       (name.record == 0 || record.seq == last_seq_ + 1);
  if (!follows) {
    oracle_.report(
        fmt::format("record {} of request {} (number {}) stands where record {} of "
                    "request {} is expected",
                    name.record, name.request, record.seq, next_record_, requests_.back()));
  }
  if (record.seq <= last_seq_) {
    oracle_.report(fmt::format("number {} is read after {}", record.seq, last_seq_));
  }
  // A store that has deleted all that it had no longer knows when that arrived.
  const bool follows_deleted = last_seq_ <= oracle_.deleted_up_to();
  if (oracle_.arrivals_grow_ && !follows_deleted && record.arrival_ns < last_arrival_ns_) {
    oracle_.report(fmt::format("the arrival of {} is before that of {}", record.seq, last_seq_));
  }
  oracle_.claim(record.seq, name);
  last_seq_ = record.seq;
  last_arrival_ns_ = record.arrival_ns;
  ++next_record_;
  --records_left_;
}

void Oracle::Reading::begin_request(RecordName name, std::uint64_t seq) {
  const Request& request = oracle_.requests_[name.request];
  if (last_of_producer_.size() <= request.producer) last_of_producer_.resize(request.producer + 1);
  std::uint32_t& last = last_of_producer_[request.producer];
  if (name.request < last) {
    oracle_.report(fmt::format("request {} is read after {}", name.request, last - 1));
  }
  if (request.banned != nullptr) {
    oracle_.report(fmt::format("request {} is there, but {}", name.request, request.banned));
  }
  if (seq <= request.above_seq) {
    oracle_.report(fmt::format("request {} has number {}, but {} was in use before it",
                               name.request, seq, request.above_seq));
  }
  last = name.request + 1;
  requests_.push_back(name.request);
  records_left_ = request.records();
  next_record_ = 0;
}

void Oracle::Reading::pause() {
  if (records_left_ == 0) return;
  oracle_.report(fmt::format("the last {} records of request {} are missing", records_left_,
                             requests_.back()));
}

std::uint32_t Oracle::add(Request request) {
  request.above_seq = used_up_to_;
  requests_.push_back(std::move(request));
  return static_cast<std::uint32_t>(requests_.size() - 1);
}

void Oracle::used(std::uint64_t seq) {
  used_up_to_ = std::max(used_up_to_, seq);
}

void Oracle::rolled_back(std::uint32_t id) {
  requests_[id].banned = "it was rolled back";
}

void Oracle::refused(std::uint32_t id) {
  requests_[id].banned = "it was sent to a store that had failed";
}

void Oracle::answered(std::uint32_t id, CommitStatus status, Durability durability,
                      bool refused_kept) {
  Request& request = requests_[id];
  const Survives promise = promise_of(status, durability);
  request.survives = std::max(request.survives, promise);
  if (refused_kept) request.refused_survive = promise;
  if (status == CommitStatus::full) request.banned = "it was answered `full`";
}

void Oracle::numbered(std::span<const std::uint32_t> ids, std::uint64_t last_seq) {
  for (std::size_t i = ids.size(); i-- > 0;) {
    const std::uint32_t records = requests_[ids[i]].records();
    if (records == 0) continue;
    if (last_seq < records) return report("there are fewer numbers than records");
    last_seq -= records;
    claim(last_seq + 1, {ids[i], 0});
  }
}

void Oracle::closed(std::uint32_t first, bool refused_kept) {
  for (std::uint32_t id = first; id < requests_.size(); ++id) {
    Request& request = requests_[id];
    if (request.banned != nullptr) continue;
    request.survives = Survives::power_cut;
    if (refused_kept) request.refused_survive = std::max(request.refused_survive, Survives::kill);
  }
}

void Oracle::deleted(std::uint64_t first_seq, std::uint64_t last_seq) {
  deletions_[first_seq] = {last_seq, false};
}

std::uint64_t Oracle::deleted_up_to() const noexcept {
  return deletions_.empty() ? 0 : deletions_.rbegin()->second.last_seq;
}

std::uint64_t Oracle::records_in(std::uint64_t first_seq, std::uint64_t last_seq) const {
  std::uint64_t count = 0;
  for (const auto& [first, id] : claimed_) {
    const std::uint64_t end = first + requests_[id].records();
    if (requests_[id].banned != nullptr || end <= first_seq || first > last_seq) continue;
    count += std::min(end, last_seq + 1) - std::max(first, first_seq);
  }
  return count;
}

bool Oracle::keeps_any_of(std::uint64_t first_seq, std::uint64_t last_seq) const {
  return std::any_of(claimed_.begin(), claimed_.end(), [&](const auto& claim) {
    const Request& request = requests_[claim.second];
    return claim.first <= last_seq && claim.first + request.records() > first_seq &&
           request.survives != Survives::nothing && deletion_of(request) == nullptr;
  });
}

// Requests are deleted whole.
const Oracle::Deletion* Oracle::deletion_of(const Request& request) const {
  const auto behind = deletions_.upper_bound(request.first_seq);
  if (request.first_seq == 0 || behind == deletions_.begin()) return nullptr;
  const Deletion& deletion = std::prev(behind)->second;
  return request.first_seq <= deletion.last_seq ? &deletion : nullptr;
}

void Oracle::lost_cache() {
  for (auto& [first_seq, deletion] : deletions_) deletion.may_return = true;
  const auto weaken = [](Survives& survives) {
    if (survives == Survives::kill) survives = Survives::nothing;
  };
  for (Request& request : requests_) {
    weaken(request.survives);
    weaken(request.refused_survive);
  }
}

std::optional<RecordName> Oracle::recognise(const RecordView& record) {
  RecordName name;
  if (!read_name(record.line, name) || name.request >= requests_.size() ||
      name.record >= requests_[name.request].records()) {
    report(fmt::format("unknown record {}: {}", record.seq, short_of(record.line)));
    return std::nullopt;
  }
  const Request& request = requests_[name.request];
  if (record.line != record_line_with_seq(name.request, request, name.record, record.seq)) {
    report(fmt::format("record {} of request {} has other bytes than it was given: {}", name.record,
                       name.request, short_of(record.line)));
  }
  return name;
}

void Oracle::delivered(const RecordView& record) {
  if (const auto name = recognise(record)) claim(record.seq, *name);
}

void Oracle::shown(const Reading& reading, std::size_t from, Survives survives) {
  for (std::size_t i = from; i < reading.requests().size(); ++i) {
    Request& request = requests_[reading.requests()[i]];
    request.survives = std::max(request.survives, survives);
  }
}

void Oracle::check(const Reading& reading) {
  std::vector<bool> found(requests_.size());
  for (const std::uint32_t id : reading.requests()) found[id] = true;
  for (std::size_t id = 0; id < requests_.size(); ++id) {
    const Deletion* const deletion = deletion_of(requests_[id]);
    if (found[id] && deletion != nullptr && !deletion->may_return) {
      report(fmt::format("request {} is there again, from number {}", id, requests_[id].first_seq));
    }
    if (found[id] || requests_[id].survives == Survives::nothing) continue;
    if (requests_[id].records() == 0 || deletion != nullptr) continue;
    report(fmt::format("request {} is lost: {} records, first number {}", id,
                       requests_[id].records(), requests_[id].first_seq));
  }
}

void Oracle::check_recovered(const Reading& reading) {
  check(reading);
  shown(reading, 0, Survives::power_cut);
  for (Request& request : requests_) {
    if (request.survives == Survives::power_cut || request.banned != nullptr) continue;
    if (deletion_of(request) != nullptr) continue;
    request.banned = "it was not there after a recovery";
  }
}

void Oracle::check_taken(const std::function<bool(std::uint64_t seq)>& has) {
  for (const Request& request : requests_) {
    if (request.survives == Survives::nothing) continue;
    for (std::uint32_t i = 0; i < request.records(); ++i) {
      if (has(request.first_seq + i)) continue;
      report(fmt::format("record {} has never reached the sink", request.first_seq + i));
    }
  }
}

void Oracle::check_refused(std::string_view text) {
  for (std::uint32_t id = 0; id < requests_.size(); ++id) {
    if (requests_[id].refused_survive == Survives::nothing) continue;
    for (std::uint32_t i = 0; i < requests_[id].refused; ++i) {
      if (text.find(refused_text(id, i)) != std::string_view::npos) continue;
      report(fmt::format("refused record {} of request {} is lost", i, id));
    }
  }
}

void Oracle::report(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

void Oracle::claim(std::uint64_t seq, RecordName name) {
  used(seq);
  Request& request = requests_[name.request];
  const std::uint64_t first = seq - name.record;
  const auto after = claimed_.upper_bound(seq);
  if (after != claimed_.begin()) {
    const std::uint32_t owner = std::prev(after)->second;
    const bool taken = std::prev(after)->first + requests_[owner].records() > seq;
    if (taken && owner != name.request) {
      report(fmt::format("number {} of request {} was request {}'s", seq, name.request, owner));
    }
  }
  if (request.first_seq != 0 && request.first_seq != first) {
    report(fmt::format("request {} was numbered from {} and is now from {}", name.request,
                       request.first_seq, first));
  }
  request.first_seq = first;
  claimed_.emplace(first, name.request);
}

}  // namespace logboom::store
