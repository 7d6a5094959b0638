// Past observations in bulk: lines of JSON or a table, read and gathered by series.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "ngsi/context.hpp"
#include "twin/attribute.hpp"
#include "twin/term.hpp"

namespace cityloom::ngsi {

/// How they are written. Every line names an entity ("id", a URI; "type" where it may not be known yet) and says values
/// with their time ("observedAt", RFC 3339 with a zone), each of a Property, in one of these ways:
///   {"id": "urn:a", "attribute": "level", "value": 3.5, "observedAt": "...", "unitCode": "MTR", "datasetId": "urn:d"}
///   {"id": "urn:a", "observedAt": "...", "level": 3.5, "flow": 12}
///   {"id": "urn:a", "level": {"type": "Property", "values": [[3.5, "..."], [3.6, "..."]], "datasetId": "urn:d"}}
/// The third is what a temporal query with temporalValues gives. A table has the first two as its columns; a cell that
/// reads as a number, true or false is that, an empty one says nothing.
enum class ObservationFormat : uint8_t { json_lines, table };

/// What was observed of one attribute of one entity, in order of time; of several at one time the last that was read.
struct ObservedSeries {
  std::string entity_id;
  uint64_t first_line = 0;
  std::vector<twin::Term> types;  ///< that the lines give the entity
  twin::Attribute shared;         ///< name, dataset and unit
  std::vector<std::pair<base::Instant, double>> numbers;
  std::vector<twin::Attribute> others;  ///< what is no number
};

/// Why a line was left out.
struct RefusedLine {
  uint64_t line = 0;  ///< counted from 1
  std::string reason;
};

/// What a text says.
struct Observations {
  static constexpr size_t series_max = 200'000;
  static constexpr size_t refused_told_max = 100;

  std::vector<ObservedSeries> series;      ///< those of one entity follow one another
  uint64_t count = 0;                      ///< in `series`
  uint64_t repeated = 0;                   ///< of the same series and time as a later one
  uint64_t refused = 0;                    ///< lines
  std::vector<RefusedLine> refused_lines;  ///< the first of them
};

/// Reads all lines; `encoding` is that of a table, as iconv names it (none: UTF-8 or CP949); a line that cannot be read
/// is left out and told. Interns names. Errors: invalid (no line can be read: the first reason; a table without the
/// columns that are needed; an encoding that is not known), too_large (past `series_max`). Cost: about half a
/// microsecond an observation.
base::Result<Observations> read_observations(std::string_view text, ObservationFormat format, const Context& context,
                                             twin::TermTable& terms, std::string_view encoding = {});

}  // namespace cityloom::ngsi
