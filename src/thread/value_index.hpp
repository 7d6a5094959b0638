// Which entities have what value of an attribute: learnt from use, kept true by the writer (room-internal).
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "roaring/roaring.hh"
#include "twin/query.hpp"

namespace cityloom::thread {

using Numbers = ::Roaring;

/// Entity numbers among which all are that satisfy a condition.
struct Narrowed {
  Numbers numbers;
  bool exact = false;  ///< all of them do
};

/// Values of 64 bits by entity number, to be gone through: 8 bytes a number of each stretch of 4,096 in which any has
/// one, and a million in a millisecond. A tree in order would find few at once, but takes 21 bytes, a thousand times as
/// long to change, and ten times as long where many match (decision 0016). Not for several workers.
class Column {
 public:
  explicit Column(uint64_t none) : none_(none) {}  ///< the pattern that no value has

  void add(uint32_t number, uint64_t bits);     ///< a value once more is one
  void remove(uint32_t number, uint64_t bits);  ///< what is not there stays so
  /// The numbers one of whose values `holds`.
  template <class Holds>
  Numbers with(const Holds& holds) const;
  uint64_t memory_bytes() const { return pieces_.size() * sizeof(Piece) + more_.size() * 64; }

 private:
  static constexpr uint32_t piece_size = 4'096;
  using Piece = std::array<uint64_t, piece_size>;

  uint64_t none_;
  std::map<uint32_t, std::unique_ptr<Piece>> pieces_;
  absl::flat_hash_map<uint32_t, std::vector<uint64_t>> more_;  // of those with several values, all but one
};

/// The values of one attribute. Numbers; texts by equality: while they are few, each with a set of its entities, else
/// by hash; truth values; and who has the attribute at all. Arrays and objects are not looked into: who has one is
/// named for every comparison. Memory: 8 bytes an entity. Not for several workers.
class ValueIndex {
 public:
  explicit ValueIndex(twin::Term attribute);

  /// Whether `find` could tell: a comparison of the value itself with numbers, or by equality with texts and truth
  /// values, or whether it exists.
  static bool can_tell(const twin::Comparison& comparison);

  /// Puts what a record has in the place of what the one before had; either may be empty. Cost: some 0.1 us.
  void change(const twin::EntityRecord& before, const twin::EntityRecord& after, uint32_t number);

  /// Who satisfies a comparison that it can tell. Cost: 1 ns an entity, 4 ns one that is named.
  Narrowed find(const twin::Comparison& comparison) const;

  uint64_t memory_bytes() const;  ///< about

 private:
  struct Values;
  Values values_of(const twin::EntityRecord& record) const;
  void add(const Values& values, const Values& but, uint32_t number);
  void remove(const Values& values, const Values& but, uint32_t number);
  void add_text(std::string_view text, uint32_t number);
  void remove_text(std::string_view text, uint32_t number);
  Numbers equal_to(const twin::Literal& literal) const;
  Narrowed find_equal(const twin::Comparison& comparison) const;

  twin::Term attribute_;
  Column numbers_;                                     // doubles
  std::map<std::string, Numbers, std::less<>> words_;  // until there are too many
  bool many_texts_ = false;
  Column texts_{0};  // hashes, from then on
  Numbers true_, false_;
  Numbers others_;   // have an array or object
  Numbers holders_;  // have the attribute
};

/// The indexes of a branch: an attribute gets one when a query would else look at many entities, and loses it when
/// others are used more and memory is short. Any worker; changes come from one writer.
class ValueIndexes {
 public:
  struct Limits {  ///< of what is held at a time
    size_t indexes = 16;
    uint64_t bytes = 128u << 20;
  };
  ValueIndexes() = default;
  explicit ValueIndexes(const Limits& limits) : limits_(limits) {}

  /// Writer only: a record has taken the place of another. Cost: one load while nothing is learnt.
  void change(const twin::EntityRecord& before, const twin::EntityRecord& after, uint32_t number) {
    if (count_.load(std::memory_order_acquire) > 0) change_all(before, after, number);
  }

  /// Who may satisfy a condition; nothing if no index can tell.
  std::optional<Narrowed> narrow(const twin::Condition& condition) const;

  /// The attributes without an index that, had they one, would help with a condition.
  std::vector<twin::Term> missing(const twin::Condition& condition) const;

  /// Starts to learn an attribute: from now on changes are taken. False: it is known, being learnt, or too large.
  bool start(twin::Term attribute);
  /// Adds what is: records with numbers from `first` on, which who calls keeps the writer from replacing meanwhile.
  void learn(twin::Term attribute, uint32_t first, std::span<const twin::EntityRecord> records);
  /// Ends the learning: used from now on, or, if not `complete`, forgotten.
  void finish(twin::Term attribute, bool complete);

  uint64_t memory_bytes() const;

 private:
  struct Held {
    explicit Held(twin::Term attribute) : index(attribute) {}
    enum class State : uint8_t { learning, ready, too_large } state = State::learning;
    ValueIndex index;
    mutable std::atomic<uint64_t> used{0};  // the higher the later
  };
  void change_all(const twin::EntityRecord& before, const twin::EntityRecord& after, uint32_t number);
  const Held* ready(twin::Term attribute) const;
  std::optional<Narrowed> narrow_all(const twin::Condition& condition) const;
  std::optional<Narrowed> narrow_any(const twin::Condition& condition) const;
  std::optional<Narrowed> narrow_held(const twin::Condition& condition) const;
  void add_missing(const twin::Condition& condition, std::vector<twin::Term>& to) const;
  bool could_tell(const twin::Condition& condition) const;
  void keep_to_limits();
  uint64_t bytes() const;

  const Limits limits_;
  mutable std::shared_mutex mutex_;
  absl::flat_hash_map<uint32_t, std::unique_ptr<Held>> held_;  // by the attribute's number
  std::atomic<size_t> count_{0};                               // of held_
  mutable std::atomic<uint64_t> uses_{0};
  uint64_t changes_ = 0;  // of the writer alone
};

}  // namespace cityloom::thread
