#include "store/staging.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>

namespace logboom::store {

namespace {

// What a chain keeps of its refused records' room from one use to the next.
constexpr std::size_t kRejectedTextKept = 1024 * 1024;

StagingBlock* make_block(std::size_t bytes) {
  auto* const block = ::new (::operator new(sizeof(StagingBlock) + bytes)) StagingBlock;
  block->capacity = bytes;
  return block;
}

}  // namespace

StagingBlockPool::~StagingBlockPool() {
  while (free_ != nullptr) {
    StagingBlock* const next = free_->next;
    ::operator delete(free_);
    free_ = next;
  }
}

StagingBlock* StagingBlockPool::take(std::size_t bytes) {
  if (bytes > kBlockBytes) return make_block(bytes);
  if (free_ == nullptr) return make_block(kBlockBytes);
  StagingBlock* const block = free_;
  free_ = block->next;
  --free_count_;
  block->next = nullptr;
  block->used = 0;
  return block;
}

void StagingBlockPool::give_back(StagingBlock* block) noexcept {
  if (block->capacity != kBlockBytes || free_count_ == kFreeBlocksMax) {
    ::operator delete(block);
    return;
  }
  block->next = free_;
  free_ = block;
  ++free_count_;
}

StagingChain::~StagingChain() {
  give_back_after(nullptr);
}

char* StagingChain::reserve(std::size_t bytes_max) {
  const std::size_t bytes = sizeof(RecordHead) + bytes_max;
  if (last_ == nullptr || last_->room() < bytes) add_block(bytes);
  return last_->data() + last_->used + sizeof(RecordHead);
}

void StagingChain::append(std::size_t text_bytes, std::size_t splice_offset,
                          const RecordTimes& times) {
  assert(last_ != nullptr && sizeof(RecordHead) + text_bytes <= last_->room());
  assert(splice_offset <= text_bytes && times.observed_ns != kNoTime);
  const RecordHead head{static_cast<std::uint32_t>(text_bytes),
                        static_cast<std::uint32_t>(splice_offset), times};
  std::memcpy(last_->data() + last_->used, &head, sizeof head);
  last_->used += sizeof head + text_bytes;
  totals_.payload_bytes += sizeof head + text_bytes;
  const std::int64_t time_ns = times.event_ns();
  const bool first = totals_.records++ == 0;
  totals_.time_min_ns = first ? time_ns : std::min(totals_.time_min_ns, time_ns);
  totals_.time_max_ns = first ? time_ns : std::max(totals_.time_max_ns, time_ns);
}

void StagingChain::reject(std::string_view raw, std::string_view reason, std::string_view protocol,
                          std::int64_t arrival_ns) {
  rejected_.push_back({arrival_ns, raw.size(), reason.size(), protocol.size()});
  rejected_text_.append(raw).append(reason).append(protocol);
  totals_.rejected = rejected_.size();
  totals_.rejected_bytes = rejected_text_.size();
}

void StagingChain::add_ticket(Ticket ticket) {
  tickets_.push_back(ticket);
  totals_.tickets = tickets_.size();
}

void StagingChain::add_charge(std::size_t bytes) {
  totals_.charge += bytes;
}

StagingChain::Mark StagingChain::mark() const {
  return {totals_, last_, last_ == nullptr ? 0 : last_->used};
}

void StagingChain::rollback(const Mark& mark) {
  give_back_after(mark.block);
  if (last_ != nullptr) last_->used = mark.block_used;
  totals_ = mark.totals;
  tickets_.resize(totals_.tickets);
  rejected_.resize(totals_.rejected);
  rejected_text_.resize(totals_.rejected_bytes);
}

bool StagingChain::empty() const noexcept {
  return totals_.records == 0 && totals_.tickets == 0 && totals_.rejected == 0 &&
         totals_.charge == 0;
}

void StagingChain::recycle() noexcept {
  const bool keep_first = first_ != nullptr && first_->capacity == StagingBlockPool::kBlockBytes;
  give_back_after(keep_first ? first_ : nullptr);
  if (first_ != nullptr) first_->used = 0;
  totals_ = Totals{};
  tickets_.clear();
  rejected_.clear();
  rejected_text_.clear();
  if (rejected_text_.capacity() > kRejectedTextKept) rejected_text_.shrink_to_fit();
}

void StagingChain::make_ready(std::size_t tickets) {
  tickets_.reserve(tickets);
  add_block(StagingBlockPool::kBlockBytes);
}

void StagingChain::add_block(std::size_t bytes) {
  StagingBlock* const block = blocks_->take(bytes);
  (last_ == nullptr ? first_ : last_->next) = block;
  last_ = block;
}

void StagingChain::give_back_after(StagingBlock* last) noexcept {
  StagingBlock* block = last == nullptr ? first_ : last->next;
  while (block != nullptr) {
    StagingBlock* const next = block->next;
    blocks_->give_back(block);
    block = next;
  }
  last_ = last;
  (last == nullptr ? first_ : last->next) = nullptr;
}

Producer::Producer(Doorbell& bell)
    : bell_(&bell), completion_fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  for (std::size_t i = 0; i < kChainsReady; ++i) {
    auto* const chain = new StagingChain(blocks_);
    chain->make_ready(kTicketsReady);
    put_spare(chain);
  }
}

Producer::~Producer() {
  delete published_.load(std::memory_order_acquire);
  delete open_;
  for (StagingChain* chain = take_completed(); chain != nullptr;) {
    StagingChain* const next = chain->next_;
    delete chain;
    chain = next;
  }
  while (spare_ != nullptr) {
    StagingChain* const next = spare_->next_;
    delete spare_;
    spare_ = next;
  }
  if (completion_fd_ >= 0) ::close(completion_fd_);
}

StagingChain& Producer::open() {
  if (open_ != nullptr) return *open_;
  open_ = take_published();
  if (open_ != nullptr) return *open_;
  if (spare_ == nullptr) {
    open_ = new StagingChain(blocks_);
    return *open_;
  }
  open_ = spare_;
  spare_ = open_->next_;
  return *open_;
}

void Producer::publish() {
  if (open_ == nullptr || open_->empty()) return;
  const std::int64_t units = units_of(*open_);
  published_.store(open_, std::memory_order_release);
  open_ = nullptr;
  bell_->add(units);
}

StagingChain* Producer::take_published() noexcept {
  StagingChain* const chain = published_.exchange(nullptr, std::memory_order_acquire);
  if (chain != nullptr) bell_->add(-units_of(*chain));
  return chain;
}

void Producer::push_completed(StagingChain* chain) noexcept {
  chain->next_ = completed_.load(std::memory_order_relaxed);
  while (!completed_.compare_exchange_weak(chain->next_, chain, std::memory_order_release,
                                           std::memory_order_relaxed)) {
  }
}

void Producer::signal_completed() noexcept {
  const std::uint64_t one = 1;
  // It fails only when the counter is full, and then it is readable anyhow.
  static_cast<void>(!::write(completion_fd_, &one, sizeof one));
}

StagingChain* Producer::take_completed() noexcept {
  std::uint64_t count = 0;
  static_cast<void>(!::read(completion_fd_, &count, sizeof count));
  StagingChain* newest = completed_.exchange(nullptr, std::memory_order_acquire);
  StagingChain* oldest = nullptr;
  while (newest != nullptr) {
    StagingChain* const next = newest->next_;
    newest->next_ = oldest;
    oldest = newest;
    newest = next;
  }
  return oldest;
}

void Producer::put_spare(StagingChain* chain) noexcept {
  chain->recycle();
  chain->next_ = spare_;
  spare_ = chain;
}

std::int64_t Producer::units_of(const StagingChain& chain) noexcept {
  return static_cast<std::int64_t>(std::max<std::size_t>(chain.totals().tickets, 1));
}

}  // namespace logboom::store
