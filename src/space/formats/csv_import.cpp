// Header, mapping, rows.
#include "space/formats/csv_import.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cmath>

#include "base/table_reader.hpp"
#include "space/byte_source.hpp"
#include "space/formats/feature_import.hpp"
#include "space/formats/wkt.hpp"
#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;

// Small letters without blanks, "_", "-" and what stands in brackets.
std::string plain(std::string_view name) {
  std::string word;
  for (const char letter : name) {
    if (letter == '(' || letter == '[') break;
    if (letter == ' ' || letter == '_' || letter == '-' || letter == '.') continue;
    word += static_cast<char>(static_cast<unsigned char>(letter) < 0x80 ? std::tolower(letter) : letter);
  }
  return word;
}

struct Known {
  int TableColumns::*column;
  std::string_view what;  ///< its name in the option `columns`
  std::array<std::string_view, 18> words;
};

// The first word that a column has counts: so degrees go before metres of a plane where a table has both.
constexpr std::array known{
    Known{&TableColumns::x,
          "lon",
          {"longitude", "lon", "lng", "long", "경도", "wgs84경도", "경도값", "stoplon", "x", "x좌표", "좌표x", "xcoord",
           "pointx", "easting", "coordx", "tmx", "posx", "위치경도"}},
    Known{&TableColumns::y,
          "lat",
          {"latitude", "lat", "위도", "wgs84위도", "위도값", "stoplat", "y", "y좌표", "좌표y", "ycoord", "pointy",
           "northing", "coordy", "tmy", "posy", "위치위도", "", ""}},
    Known{&TableColumns::z, "height", {}},
    Known{&TableColumns::wkt, "wkt", {"wkt", "geom", "geometry", "thegeom", "shape", "wktgeom", "geomwkt"}},
    Known{&TableColumns::id,
          "id",
          {"id", "fid", "관리번호", "시리얼", "serial", "serialnumber", "sensorid", "stationid", "objectid", "code",
           "고유번호", "시설물id", "ufid", "uid", "ftridn", "측정소코드", "stopid", ""}},
    Known{&TableColumns::name,
          "name",
          {"name", "이름", "명칭", "시설명", "지점명", "측정소명", "stopname", "title", "관측소명", "시설물명", "", "",
           "", "", "", "", "", ""}},
};

class CsvImport {
 public:
  CsvImport(const ImportInput& input, ImportBatch& batch) : input_(input), batch_(batch), features_(batch) {}

  Status run() {
    if (!batch_.options().crs.empty()) {
      auto crs = PlaneCrs::open(batch_.options().crs);
      if (!crs) return std::move(crs).error();
      crs_ = std::move(*crs);
      if (const std::string note = crs_.note(); !note.empty()) batch_.warn("crs", note);
    }
    // The first pass finds a damaged file.
    auto status = read([](const std::vector<std::string>&, uint64_t) { return Status(); });
    if (!status) return status;
    is_second_ = true;
    return read([this](const std::vector<std::string>& cells, uint64_t line) { return add(cells, line); });
  }

 private:
  template <class Visit>
  Status read(Visit visit) {
    auto opened = input_.open();
    if (!opened) return std::move(opened).error();
    ByteSource source = std::move(*opened);
    auto table = base::TableReader::open([&](char* to, size_t size) { return source.read(to, size); },
                                         {0, batch_.options().encoding});
    if (!table) return std::move(table).error();
    auto first = table->next(header_);
    if (!first) return std::move(first).error();
    if (!*first) return fail(Code::unsupported, "The table is empty", input_.name);
    if (auto status = know_columns(); !status) return status;
    std::vector<std::string> cells;
    for (uint64_t row = 1;; ++row) {
      auto more = table->next(cells);
      if (!more && more.error().code != Code::invalid) return std::move(more).error();
      if (!more) {
        if (is_second_) batch_.warn("line " + std::to_string(table->line()), more.error().what);
        continue;
      }
      if (!*more) return {};
      if (auto status = visit(cells, table->line()); !status) return status;
      if (row % 1'000 != 0) continue;
      if (batch_.is_cancelled()) return fail(Code::cancelled, "The import was stopped", input_.name);
      batch_.show_progress(source.offset() + (is_second_ ? source.size() : 0), 2 * source.size());
    }
  }

  Status know_columns() {
    auto columns = table_columns_of(header_, batch_.options());
    if (!columns) return std::move(columns).error();
    columns_ = *columns;
    if (columns_.has_place()) return {};
    return fail(Code::unsupported, "No column of the table says where things are", input_.name,
                "Name them by the option columns: lon=X,lat=Y or wkt=SHAPE");
  }

  static std::string cell(const std::vector<std::string>& cells, int column) {
    return column >= 0 && static_cast<size_t>(column) < cells.size() ? cells[static_cast<size_t>(column)] : "";
  }

  base::Result<FeatureGeometry> place(const std::vector<std::string>& cells) const {
    if (columns_.wkt >= 0) {
      const std::string text = cell(cells, columns_.wkt);
      if (text.empty()) return FeatureGeometry{};
      return geometry_of_wkt(text, crs_);
    }
    const std::string x_text = cell(cells, columns_.x), y_text = cell(cells, columns_.y);
    if (x_text.empty() && y_text.empty()) return FeatureGeometry{};
    const auto x = table_number_of(x_text), y = table_number_of(y_text);
    if (!x || !y) {
      return fail(Code::invalid, "\"" + excerpt(x ? y_text : x_text) + "\" is not a number: it has no place");
    }
    const auto z = table_number_of(cell(cells, columns_.z));
    auto position = crs_.position(*x, *y, z.value_or(std::numeric_limits<double>::quiet_NaN()));
    if (!position) {
      const bool is_plane = crs_.is_wgs84() && (std::abs(*x) > 180 || std::abs(*y) > 90);
      return fail(
          Code::invalid,
          position.error().what + (is_plane ? ": name the coordinate system by the option crs, e.g. EPSG:5186" : ""));
    }
    FeatureGeometry geometry;
    geometry.points = twin::Geometry::point(*position);
    return geometry;
  }

  Status add(const std::vector<std::string>& cells, uint64_t line) {
    Feature feature;
    feature.object = "line " + std::to_string(line);
    feature.id = cell(cells, columns_.id);
    auto geometry = place(cells);
    if (!geometry) {
      batch_.warn(feature.object, geometry.error().text());
      return {};
    }
    feature.geometry = std::move(*geometry);
    for (size_t i = 0; i < cells.size() && i < header_.size(); ++i) {
      const int column = static_cast<int>(i);
      if (cells[i].empty() || column == columns_.x || column == columns_.y || column == columns_.wkt) continue;
      std::string key = column == columns_.name ? "name"
                        : header_[i].empty()    ? "column " + std::to_string(i + 1)
                                                : header_[i];
      feature.properties.emplace_back(std::move(key), value_of(cells[i], column));
    }
    return features_.add(std::move(feature));
  }

  // Numbers as numbers, but what only looks like one (007, a telephone number, an id) as text.
  twin::Value value_of(const std::string& text, int column) const {
    const bool is_label = column == columns_.id || column == columns_.name;
    const bool has_zero = text.size() > 1 && text[0] == '0' && text[1] != '.' && text[1] != ',';
    if (is_label || has_zero || text.size() > 24 || text[0] == '+') return text;
    const auto number = table_number_of(text);
    return number ? twin::number_value(*number) : twin::Value(text);
  }

  const ImportInput& input_;
  ImportBatch& batch_;
  FeatureImport features_;
  PlaneCrs crs_;
  std::vector<std::string> header_;
  TableColumns columns_;
  bool is_second_ = false;
};

}  // namespace

std::optional<double> table_number_of(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.empty() || text.size() > 32) return {};
  std::string plain_text(text);
  const auto commas = std::count(plain_text.begin(), plain_text.end(), ',');
  const size_t point = plain_text.find('.');
  if (commas == 1 && point == std::string::npos) {
    plain_text[plain_text.find(',')] = '.';
  } else if (commas > 0 && (point == std::string::npos || point > plain_text.rfind(','))) {
    std::erase(plain_text, ',');
  }
  if (plain_text.starts_with("+-")) return {};
  const char* const first = plain_text.data() + (plain_text.starts_with('+') ? 1 : 0);
  const char* const end = plain_text.data() + plain_text.size();
  double number = 0;
  const auto [stop, error] = std::from_chars(first, end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return {};
  return number;
}

base::Result<TableColumns> table_columns_of(const std::vector<std::string>& header, const ImportOptions& options) {
  TableColumns columns;
  for (const Known& one : known) {
    if (const auto mapped = options.columns.find(std::string(one.what)); mapped != options.columns.end()) {
      const auto found = std::find(header.begin(), header.end(), mapped->second);
      if (found == header.end()) {
        return fail(Code::invalid, "The table has no column \"" + excerpt(mapped->second) + "\"", "columns");
      }
      columns.*one.column = static_cast<int>(found - header.begin());
      continue;
    }
    for (const std::string_view word : one.words) {
      if (word.empty() || columns.*one.column >= 0) break;
      for (size_t i = 0; i < header.size(); ++i) {
        if (plain(header[i]) != word) continue;
        columns.*one.column = static_cast<int>(i);
        break;
      }
    }
  }
  return columns;
}

bool is_table(std::string_view head) {
  if (head.starts_with("\xEF\xBB\xBF")) head.remove_prefix(3);
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  const bool is_text = line.find('\0') == std::string_view::npos;
  return is_text && !line.empty() && line.find_first_of(",;\t|") != std::string_view::npos;
}

Status import_csv(const ImportInput& input, ImportBatch& batch) {
  return CsvImport(input, batch).run();
}

}  // namespace cityloom::space
