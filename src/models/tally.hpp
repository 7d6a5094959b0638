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

/// The numbers of one type and source, since the start of the program.
struct TallyRow {
  std::array<uint64_t, 3> writes{};  ///< by Fate
  std::deque<Example> examples;      ///< the last few, the newest first
};

inline constexpr size_t tally_rows_max = 1'000;  ///< types and sources in a tenant; what is past them is one source
inline constexpr size_t examples_max = 5;        ///< of a row
inline constexpr size_t example_findings_max = 5;
inline constexpr std::string_view other_sources = "(others)";

/// Any worker.
class Tally {
 public:
  /// Counts a write.
  void add(std::string_view type_iri, std::string_view source, Example example);

  using Rows = std::map<std::pair<std::string, std::string>, TallyRow>;  ///< by type and source
  Rows rows() const;
  std::array<uint64_t, 3> totals() const;  ///< by Fate

 private:
  mutable std::mutex mutex_;
  Rows rows_;
  std::array<uint64_t, 3> totals_{};
};

}  // namespace cityloom::models
