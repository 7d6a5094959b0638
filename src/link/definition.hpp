// Links and packs as people declare them in YAML.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/instant.hpp"
#include "base/result.hpp"
#include "link/mapping.hpp"

namespace cityloom::link {

/// A subscription to an MQTT broker (MQTT 5, or 3.1.1 where the broker knows no better).
struct MqttSource {
  std::string host = "127.0.0.1";
  uint16_t port = 1883;
  bool is_version_5 = true;
  std::string client_id;  ///< the broker keeps the session under it; default "cityloom-NAME"
  int keep_alive_s = 30;
  uint32_t session_expiry_s = 86'400;  ///< how long the broker keeps messages while we are away
  std::string user;
  std::string password_file;  ///< first line is the password
  std::string ca_file;        ///< set: TLS
  std::string certificate_file;
  std::string key_file;
  std::vector<std::string> filters;  ///< what to subscribe to, from the mappings' topics
};

/// Columns of a second table, put beside each row as "join.COLUMN".
struct JoinTable {
  std::string file;
  std::string key;                           ///< column of the second table
  std::optional<FieldPath> on;               ///< the row's field that equals it; or
  std::optional<std::string> equals;         ///< always the row with this key; or
  std::optional<twin::Position> nearest_to;  ///< always the row nearest to this position, by these columns:
  std::string longitude;
  std::string latitude;
};

/// A table of the past, played as if it happened now, with its own time stamps.
struct ReplaySource {
  enum class Shape : uint8_t { rows, columns };  ///< a row a reading; or a column a sensor
  std::string file;
  Shape shape = Shape::rows;
  char delimiter = ',';
  std::string encoding = "UTF-8";  ///< as iconv names it, e.g. "CP949"
  base::Instant first_time;        ///< with `row_interval_s`: the time of row 0, where the file has none ("@time")
  double row_interval_s = 0;
  std::vector<std::string> other_columns;  ///< shape columns: these are no sensors
  std::optional<JoinTable> join;
  int64_t step_interval_ms = 2'000;  ///< between two times of the file; used if `speed` is 0
  double speed = 0;                  ///< file seconds per second
  base::Instant start_at;            ///< skip what lies before; none: from the beginning
  bool loops = false;
  bool resumes = true;  ///< go on after the last time that the record holds already
};

/// JSON sent to us over HTTP.
struct PushSource {};

/// One link as declared.
struct LinkDefinition {
  std::string name;                          ///< letters, digits, '-', '_', '.'; unique
  std::map<std::string, std::string> label;  ///< by language
  std::string where;                         ///< file and line
  std::string folder;                        ///< of the declaring file: relative files are looked for here too
  size_t mailbox_capacity = 10'000;          ///< messages read and not yet recorded; for MQTT at most 65,535
  std::variant<MqttSource, ReplaySource, PushSource> source;
  std::vector<Mapping> mappings;

  /// "mqtt", "replay" or "push".
  std::string_view kind() const;
};

/// A domain as data.
struct Pack {
  std::string name;
  std::map<std::string, std::string> label;
  std::string folder;
  std::vector<LinkDefinition> links;
};

/// The list under `links` of a YAML file (no such list: none); other keys are left to others. Errors: not_found, or
/// invalid with file, line, column and what to do.
base::Result<std::vector<LinkDefinition>> read_links(const std::string& file);

/// The same from text that stands for `file`.
base::Result<std::vector<LinkDefinition>> parse_links(std::string_view yaml, const std::string& file);

/// Reads FOLDER/pack.yaml. Errors: as above.
base::Result<Pack> read_pack(const std::string& folder);

/// Every pack in the folders of `folder`, by name. Errors: those of the first bad pack; no such folder gives none.
base::Result<std::vector<Pack>> read_packs(const std::string& folder);

}  // namespace cityloom::link
