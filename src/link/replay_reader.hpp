// A table of the past as steps in the order of its times.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "link/definition.hpp"
#include "link/mapping.hpp"

namespace cityloom::link {

/// One reading of a table: a row, or a cell of a table with a column a sensor.
struct ReplayReading {
  Mapped mapped;
  std::string sample;  ///< the row or cell as text, cut
};

/// What the table says at one time.
struct ReplayStep {
  base::Instant time;  ///< none where the mapping gives no observed time: then a row is a step
  std::vector<ReplayReading> readings;
};

/// Reads a table as declared. Reading the same file twice gives the same steps. Holds two steps at most in memory.
/// One worker.
class ReplayReader {
 public:
  /// Errors: not_found (a file is in none of the folders: they are named), invalid (no head, encoding, join).
  static base::Result<ReplayReader> open(const LinkDefinition& link, const std::vector<std::string>& folders,
                                         Mapper& mapper);

  ReplayReader(ReplayReader&&) noexcept;
  ReplayReader& operator=(ReplayReader&&) noexcept;
  ~ReplayReader();

  /// The next step; nothing at the end. `now` is the time at which readings without any time of their own are
  /// received. Rows that cannot be read are readings that are refused.
  std::optional<ReplayStep> next(base::Instant now);

 private:
  struct Parts;
  explicit ReplayReader(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// The first of the folders' files of this name (an absolute name: itself). Errors: not_found, naming the folders.
base::Result<std::string> find_file(const std::string& name, const std::vector<std::string>& folders);

}  // namespace cityloom::link
