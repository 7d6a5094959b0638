// What came of writes that did not keep to their models, counted by type and source.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/instant.hpp"
#include "models/schema.hpp"

namespace cityloom::models {

/// What became of a write with findings.
enum class Fate : uint8_t { rejected, warned, counted };
std::string_view name_of(Fate fate);

/// One such write.
struct Example {
  base::Instant at;
  std::string entity_id;
  Fate fate = Fate::rejected;
  std::vector<Finding> findings;  ///< the first few
};

/// The numbers of one type and source.
struct TallyRow {
  std::array<uint64_t, 3> writes{};  ///< by Fate
  std::deque<Example> examples;      ///< the last few since the program started, the newest first
};

inline constexpr size_t tally_rows_max = 1'000;  ///< types and sources in a tenant; what is past them is one source
inline constexpr size_t examples_max = 5;        ///< of a row
inline constexpr size_t example_findings_max = 5;
inline constexpr std::string_view other_sources = "(others)";
/// The source of writes that were counted before the program started: which it was is not kept.
inline constexpr std::string_view earlier_sources = "(earlier)";

/// Any worker.
class Tally {
 public:
  /// Counts a write.
  void add(std::string_view type_iri, std::string_view source, Example example);

  using Writes = std::array<uint64_t, 3>;  ///< by Fate
  /// Adds writes that were counted before the program started.
  void add_earlier(std::string_view type_iri, const Writes& writes);
  /// Of each type over all sources.
  std::map<std::string, Writes> by_type() const;

  using Rows = std::map<std::pair<std::string, std::string>, TallyRow>;  ///< by type and source
  Rows rows() const;
  Writes totals() const;

 private:
  TallyRow& row(std::string type_iri, std::string source);

  mutable std::mutex mutex_;
  Rows rows_;
  Writes totals_{};
};

}  // namespace cityloom::models
