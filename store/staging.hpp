#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/doorbell.hpp"
#include "store/format.hpp"

namespace logboom::store {

// Names a request that waits for its commit. The store only carries it: `slot` and `generation`
// let the owner find out that the client has left meanwhile.
struct Ticket {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
};

enum class CommitStatus : std::uint8_t {
  ok,      // the chain's records have reached the configured durability
  full,    // no room for a new segment; none of the chain's records is stored
  failed,  // a write or sync failed; whether the records are stored is unknown
};

// A block of frame payload; its bytes follow the struct.
struct StagingBlock {
  StagingBlock* next = nullptr;
  std::size_t capacity = 0;
  std::size_t used = 0;

  [[nodiscard]] char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  [[nodiscard]] const char* data() const noexcept {
    return reinterpret_cast<const char*>(this + 1);
  }
  [[nodiscard]] std::size_t room() const noexcept { return capacity - used; }
};

// The blocks that a producer's chains are made of. Used by the producer's thread only.
class StagingBlockPool {
 public:
  static constexpr std::size_t kBlockBytes = 256 * 1024;
  // Blocks kept for reuse, 16 MiB; what a burst needs beyond them goes back to the heap.
  static constexpr std::size_t kFreeBlocksMax = 64;

  StagingBlockPool() = default;
  StagingBlockPool(const StagingBlockPool&) = delete;
  StagingBlockPool& operator=(const StagingBlockPool&) = delete;
  ~StagingBlockPool();

  // A block with room for `bytes`: a pooled one, or one made to measure for more.
  [[nodiscard]] StagingBlock* take(std::size_t bytes);
  void give_back(StagingBlock* block) noexcept;

 private:
  StagingBlock* free_ = nullptr;
  std::size_t free_count_ = 0;
};

// A refused record on its way to `rejected/`; the texts lie in its chain, one behind the other.
struct RejectedEntry {
  std::int64_t arrival_ns = 0;
  std::size_t raw_bytes = 0;
  std::size_t reason_bytes = 0;
  std::size_t protocol_bytes = 0;
};

// Records of whole requests on their way to the committer: blocks of frame payload, tickets and
// totals. Exactly one thread owns a chain at a time: the io thread while it is open, the committer
// from take to completion, then the io thread again, which recycles it. No allocation in steady
// state.
class StagingChain {
 public:
  // What a chain holds, apart from the bytes themselves.
  struct Totals {
    std::size_t payload_bytes = 0;
    std::size_t records = 0;
    std::size_t charge = 0;
    std::int64_t time_min_ns = 0;
    std::int64_t time_max_ns = 0;
    std::size_t tickets = 0;
    std::size_t rejected = 0;
    std::size_t rejected_bytes = 0;

    // The memory that the chain takes, to within its blocks.
    [[nodiscard]] std::size_t held_bytes() const noexcept {
      return payload_bytes + rejected_bytes + rejected * sizeof(RejectedEntry);
    }
  };

  // A point to go back to when a request turns out bad after some of its records were appended.
  struct Mark {
    Totals totals;
    StagingBlock* block = nullptr;
    std::size_t block_used = 0;
  };

  explicit StagingChain(StagingBlockPool& blocks) : blocks_(&blocks) {}
  StagingChain(const StagingChain&) = delete;
  StagingChain& operator=(const StagingChain&) = delete;
  ~StagingChain();

  // Contiguous room for one record's text (StoredRecord); valid until the next call. May take a
  // block from the pool.
  [[nodiscard]] char* reserve(std::size_t bytes_max);
  // Makes the text just written at reserve()'s pointer a record.
  void append(std::size_t text_bytes, std::size_t splice_offset, const RecordTimes& times);
  // Keeps a refused record for `rejected/`, written and synced with the same commit.
  void reject(std::string_view raw, std::string_view reason, std::string_view protocol,
              std::int64_t arrival_ns);
  // The request is whole: its records become one unit, and `ticket` will be completed.
  void add_ticket(Ticket ticket);
  // Bytes to be given back to the in-flight budget when the chain completes.
  void add_charge(std::size_t bytes);

  [[nodiscard]] Mark mark() const;
  // Forgets everything since the mark: records, refused records, tickets and charge.
  void rollback(const Mark& mark);
  [[nodiscard]] std::size_t bytes() const { return totals_.payload_bytes; }  // staged so far

  [[nodiscard]] bool empty() const noexcept;
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  [[nodiscard]] const StagingBlock* first_block() const noexcept { return first_; }
  [[nodiscard]] std::span<const Ticket> tickets() const noexcept { return tickets_; }
  [[nodiscard]] std::span<const RejectedEntry> rejected() const noexcept { return rejected_; }
  // The texts of all refused records: raw, reason and protocol of each.
  [[nodiscard]] std::string_view rejected_text() const noexcept { return rejected_text_; }

  // The committer's answer, set before completion.
  void complete(CommitStatus status) noexcept { status_ = status; }
  [[nodiscard]] CommitStatus status() const noexcept { return status_; }

  // Takes the memory that an ordinary commit needs, so that no later one has to.
  void make_ready(std::size_t tickets);
  // Makes the chain as good as new and keeps its first block.
  void recycle() noexcept;

 private:
  friend class Producer;

  void add_block(std::size_t bytes);
  void give_back_after(StagingBlock* last) noexcept;

  StagingBlockPool* blocks_;
  StagingBlock* first_ = nullptr;
  StagingBlock* last_ = nullptr;
  Totals totals_;
  std::vector<Ticket> tickets_;
  std::vector<RejectedEntry> rejected_;
  std::string rejected_text_;
  CommitStatus status_ = CommitStatus::ok;
  StagingChain* next_ = nullptr;  // in the producer's spare list, then in its completed list
};

// One io thread's end of the store. Every function is called by that thread only, but for those
// under "the committer's end".
class Producer {
 public:
  // Chains made beforehand, since how many are needed is a matter of timing:
  //   one open or published, one being committed, two completed and not yet drained.
  static constexpr std::size_t kChainsReady = 4;
  static constexpr std::size_t kTicketsReady = 4096;

  // The bell outlives the producer. completion_fd() is negative if there was no descriptor for it.
  explicit Producer(Doorbell& bell);
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;
  ~Producer();

  // The chain to append to: the one published before if the committer has not taken it, else a
  // fresh one. The caller has it exclusively until publish().
  [[nodiscard]] StagingChain& open();
  // Hands the open chain to the committer and wakes it if it sleeps. Call once per turn of the
  // loop, not per request. Without an open chain it does nothing.
  void publish();

  // An eventfd that becomes readable when chains have completed: one wake-up per commit.
  [[nodiscard]] int completion_fd() const { return completion_fd_; }
  // Clears completion_fd and calls `visitor(Ticket, CommitStatus)` for each request of each
  // completed chain, then `charge(bytes)` once per chain. Allocates nothing.
  template <class Visitor, class Charge>
  void drain_completed(Visitor&& visitor, Charge&& charge) {
    for (StagingChain* chain = take_completed(); chain != nullptr;) {
      for (const Ticket ticket : chain->tickets()) visitor(ticket, chain->status());
      charge(chain->totals().charge);
      StagingChain* const next = chain->next_;
      put_spare(chain);
      chain = next;
    }
  }

  // The committer's end: takes the published chain, or nothing while there is none or the io
  // thread appends to it; gives it back when it is done with it.
  [[nodiscard]] StagingChain* take_published() noexcept;
  void push_completed(StagingChain* chain) noexcept;
  void signal_completed() noexcept;

 private:
  [[nodiscard]] StagingChain* take_completed() noexcept;  // oldest first
  void put_spare(StagingChain* chain) noexcept;
  static std::int64_t units_of(const StagingChain& chain) noexcept;

  // Shared. published_: release by the side that puts a chain in, acquire by the one that takes it
  // out; whoever gets the pointer from an exchange owns the chain.
  alignas(64) std::atomic<StagingChain*> published_{nullptr};
  // A stack that one thread pushes to and the other takes whole: no ABA. Release by the committer,
  // acquire by the io thread.
  alignas(64) std::atomic<StagingChain*> completed_{nullptr};

  // The io thread's.
  alignas(64) Doorbell* bell_;
  int completion_fd_;
  StagingBlockPool blocks_;
  StagingChain* open_ = nullptr;
  StagingChain* spare_ = nullptr;
};

}  // namespace logboom::store
