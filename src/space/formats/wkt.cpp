// A small descent over the text.
#include "space/formats/wkt.hpp"

#include <cctype>
#include <charconv>
#include <cmath>

#include "space/osm_values.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;
using base::Status;
using twin::Position;

class WktReader {
 public:
  WktReader(std::string_view text, const PlaneCrs& crs) : text_(text), crs_(crs) {}

  Status read() {
    if (word_is("SRID")) {
      const size_t end = text_.find(';');
      if (end == std::string_view::npos) return wrong("a \";\" is missing");
      text_.remove_prefix(end + 1);
    }
    if (auto status = geometry(0); !status) return status;
    skip();
    return text_.empty() ? Status() : wrong("something stands behind the geometry");
  }
  GeometryBuilder& builder() { return builder_; }

 private:
  Status wrong(std::string what) const {
    return fail(Code::invalid, std::move(what), "\"" + excerpt(text_.substr(0, 20)) + "\"");
  }
  void skip() {
    while (!text_.empty() && std::isspace(static_cast<unsigned char>(text_.front())) != 0) text_.remove_prefix(1);
  }
  bool take(char letter) {
    skip();
    if (!text_.starts_with(letter)) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Takes the word if it comes next, in any case.
  bool word_is(std::string_view word) {
    skip();
    if (text_.size() < word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i) {
      if (std::toupper(static_cast<unsigned char>(text_[i])) != word[i]) return false;
    }
    if (text_.size() > word.size() && std::isalpha(static_cast<unsigned char>(text_[word.size()])) != 0) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  base::Result<Position> position() {
    double numbers[4] = {0, 0, std::numeric_limits<double>::quiet_NaN(), 0};
    size_t count = 0;
    for (; count < 4; ++count) {
      skip();
      if (text_.starts_with('+')) text_.remove_prefix(1);
      const auto read = std::from_chars(text_.data(), text_.data() + text_.size(), numbers[count]);
      if (read.ec != std::errc{}) break;
      text_.remove_prefix(static_cast<size_t>(read.ptr - text_.data()));
    }
    if (count < 2) return wrong("a position has at least two numbers").error();
    if (has_measure_ && count == 3) numbers[2] = std::numeric_limits<double>::quiet_NaN();
    return crs_.position(numbers[0], numbers[1], numbers[2]);
  }

  base::Result<std::vector<Position>> positions() {
    std::vector<Position> all;
    if (word_is("EMPTY")) return all;
    if (!take('(')) return wrong("a \"(\" is missing").error();
    do {
      const bool is_wrapped = take('(');
      auto made = position();
      if (!made) return std::move(made).error();
      if (is_wrapped && !take(')')) return wrong("a \")\" is missing").error();
      if (all.size() == twin::positions_max) return fail(Code::too_large, "it has more than a million positions");
      all.push_back(*made);
    } while (take(','));
    if (!take(')')) return wrong("a \")\" is missing").error();
    return all;
  }

  // "( part , part )" of any kind of part.
  template <class Part>
  Status list(Part part) {
    if (word_is("EMPTY")) return {};
    if (!take('(')) return wrong("a \"(\" is missing");
    do {
      if (auto status = part(); !status) return status;
    } while (take(','));
    return take(')') ? Status() : wrong("a \")\" is missing");
  }

  Status line() {
    auto all = positions();
    if (!all) return std::move(all).error();
    return all->empty() ? Status() : builder_.add_line(std::move(*all));
  }
  Status polygon() {
    std::vector<std::vector<Position>> rings;
    auto status = list([&]() -> Status {
      auto ring = positions();
      if (!ring) return std::move(ring).error();
      rings.push_back(std::move(*ring));
      return {};
    });
    if (!status || rings.empty()) return status;
    return builder_.add_polygon(std::move(rings));
  }

  Status geometry(int depth) {
    if (depth > 50) return fail(Code::too_complex, "collections are nested more than 50 deep");
    enum class Kind { point, line, polygon, points, lines, polygons, collection };
    constexpr std::pair<std::string_view, Kind> kinds[] = {{"POINT", Kind::point},
                                                           {"LINESTRING", Kind::line},
                                                           {"POLYGON", Kind::polygon},
                                                           {"MULTIPOINT", Kind::points},
                                                           {"MULTILINESTRING", Kind::lines},
                                                           {"MULTIPOLYGON", Kind::polygons},
                                                           {"GEOMETRYCOLLECTION", Kind::collection}};
    for (const auto& [name, kind] : kinds) {
      bool has_suffix = false;
      for (const std::string_view suffix : {"", "Z", "M", "ZM"}) {
        const bool fits = word_is(std::string(name) + std::string(suffix));
        if (!fits) continue;
        has_measure_ = suffix == "M";
        if (word_is("ZM") || word_is("Z")) has_measure_ = false;
        if (word_is("M")) has_measure_ = true;
        has_suffix = true;
        break;
      }
      if (!has_suffix) continue;
      switch (kind) {
        case Kind::point:
        case Kind::points: {
          const auto all = positions();
          if (!all) return all.error();
          for (const Position& one : *all) {
            if (auto status = builder_.add_point(one); !status) return status;
          }
          return {};
        }
        case Kind::line:
          return line();
        case Kind::lines:
          return list([this] { return line(); });
        case Kind::polygon:
          return polygon();
        case Kind::polygons:
          return list([this] { return polygon(); });
        case Kind::collection:
          return list([this, depth] { return geometry(depth + 1); });
      }
    }
    return wrong("no kind of geometry");
  }

  std::string_view text_;
  const PlaneCrs& crs_;
  GeometryBuilder builder_;
  bool has_measure_ = false;
};

}  // namespace

base::Result<FeatureGeometry> geometry_of_wkt(std::string_view text, const PlaneCrs& crs) {
  WktReader reader(text, crs);
  if (auto status = reader.read(); !status) return std::move(status).error();
  return reader.builder().finish();
}

}  // namespace cityloom::space
