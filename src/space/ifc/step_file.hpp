// STEP exchange files (ISO 10303-21, "Part 21"): the instances of a file, found by number or type, read on demand.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace cityloom::space {

/// What a value of an instance is. `typed` is IFCLABEL('x'): a list of one with a type's name.
enum class StepKind : uint8_t { null, derived, integer, real, text, enumeration, binary, reference, list, typed };

/// How large a file may be.
struct StepLimits {
  size_t bytes_max = size_t{4} << 30;
  size_t instances_max = 60'000'000;
  size_t nesting_max = 24;        ///< lists within lists of one instance
  size_t values_max = 8'000'000;  ///< of one instance
  size_t problems_max = 1'000;    ///< kept; the rest are only counted
};

/// One value, in the order in which the file has them; `end` is one past the last value inside it.
struct StepNode {
  StepKind kind = StepKind::null;
  uint32_t end = 0;
  union {
    double number = 0;
    uint64_t reference;
  };
  std::string_view raw;  ///< of a text: without quotes, not decoded; of enumeration and type: the name
};

/// A view of one value; what is absent or of another kind answers as null. Valid as long as its StepArguments.
class StepValue {
 public:
  StepValue() = default;
  StepValue(const std::vector<StepNode>* nodes, uint32_t index) : nodes_(nodes), index_(index) {}

  StepKind kind() const { return nodes_ == nullptr ? StepKind::null : node().kind; }
  /// Whether it states nothing ($ or *).
  bool is_null() const { return kind() == StepKind::null || kind() == StepKind::derived; }
  bool is_list() const { return kind() == StepKind::list; }
  bool is_number() const { return kind() == StepKind::integer || kind() == StepKind::real; }
  /// The number of an instance that it names; 0 if it names none. A typed value is looked into.
  uint64_t reference() const;
  /// The number, or `otherwise`. A typed value is looked into.
  double number(double otherwise = std::numeric_limits<double>::quiet_NaN()) const;
  /// Decoded to UTF-8; "" if it is no text. A typed value is looked into.
  std::string text() const;
  /// "ELEMENT" of .ELEMENT.; "" if it is none. A typed value is looked into.
  std::string_view enumeration() const;
  /// .T. or .F.; nothing for .U. and all else.
  std::optional<bool> boolean() const;
  /// The type's name of a typed value, else "".
  std::string_view type() const { return kind() == StepKind::typed ? node().raw : std::string_view(); }
  /// What a typed value holds, else the value itself.
  StepValue inner() const { return kind() == StepKind::typed ? StepValue(nodes_, index_ + 1) : *this; }

  /// Walks the values of a list (of anything else: nothing).
  class Iterator {
   public:
    Iterator(const std::vector<StepNode>* nodes, uint32_t index) : nodes_(nodes), index_(index) {}
    StepValue operator*() const { return {nodes_, index_}; }
    Iterator& operator++() {
      index_ = (*nodes_)[index_].end;
      return *this;
    }
    bool operator!=(const Iterator& other) const { return index_ != other.index_; }

   private:
    const std::vector<StepNode>* nodes_;
    uint32_t index_;
  };
  Iterator begin() const { return {nodes_, is_list() ? index_ + 1 : 0}; }
  Iterator end() const { return {nodes_, is_list() ? node().end : 0}; }
  /// Values in a list. Cost: one step each.
  size_t size() const;
  /// The value at this place of a list; null past its end. Cost: one step for each before it.
  StepValue operator[](size_t place) const;

 private:
  const StepNode& node() const { return (*nodes_)[index_]; }
  const std::vector<StepNode>* nodes_ = nullptr;
  uint32_t index_ = 0;
};

/// An instance with its values: #12=IFCWALL('...',#5,...). Moving it keeps views of it valid.
struct StepInstance {
  uint64_t id = 0;  ///< 0: there is none
  std::string_view type;
  std::unique_ptr<const std::vector<StepNode>> nodes;

  explicit operator bool() const { return id != 0; }
  /// The attribute at this place, from 0; null past the last.
  StepValue operator[](size_t place) const { return nodes ? StepValue(nodes.get(), 0)[place] : StepValue(); }
  /// How many attributes it has.
  size_t size() const { return nodes ? StepValue(nodes.get(), 0).size() : 0; }
};

/// What could not be read of a file.
struct StepProblem {
  uint64_t id = 0;  ///< of the instance; 0: none
  std::string reason;
};

/// The decoded form of a text between quotes: '' and the \X\, \X2\, \X4\, \S\, \P\ escapes; what is no valid UTF-8
/// afterwards becomes U+FFFD.
std::string step_text(std::string_view raw);

/// A whole file. Memory: its bytes and some 30 bytes an instance. Reading an instance parses it anew: about 0.2 us.
/// Immutable: any worker.
class StepFile {
 public:
  /// Finds all instances. What is damaged within one instance costs that instance (`problems`). Errors: corrupt (no
  /// STEP file, or cut off), too_large.
  static base::Result<StepFile> read(std::string bytes, const StepLimits& limits = {});

  /// "IFC4" of FILE_SCHEMA(('IFC4')), in capitals.
  const std::string& schema() const { return schema_; }
  size_t size() const { return entries_.size(); }
  /// "IFCWALL" in capitals; "" if there is no such instance. Cost: a binary search.
  std::string_view type_of(uint64_t id) const;
  /// The instance, or one without id if there is none or its values are damaged (`reason` then says how).
  StepInstance find(uint64_t id, std::string* reason = nullptr) const;
  /// The numbers of all instances of a type, ascending.
  std::vector<uint64_t> of_type(std::string_view type) const;
  /// Instances by type.
  std::map<std::string_view, size_t> types() const;

  const std::vector<StepProblem>& problems() const { return problems_; }
  size_t problems_count() const { return problems_count_; }

 private:
  friend class StepScanner;
  struct Entry {
    uint64_t id = 0;
    uint64_t start = 0;  // of the values, after "("
    uint32_t type = 0;
  };
  StepFile() = default;
  const Entry* entry_of(uint64_t id) const;

  std::unique_ptr<const std::string> bytes_;  // keeps its place when the file is moved
  StepLimits limits_;
  std::string schema_;
  std::vector<Entry> entries_;                  // by id
  std::deque<std::string> type_names_;          // a deque: texts stay where they are
  std::vector<std::vector<uint32_t>> by_type_;  // places in entries_
  std::vector<StepProblem> problems_;
  size_t problems_count_ = 0;
};

}  // namespace cityloom::space
