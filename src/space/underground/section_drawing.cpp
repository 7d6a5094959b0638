// SVG, element by element.
#include "space/underground/section_drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace cityloom::space {
namespace {

constexpr double page_width = 1'200, margin_left = 70, margin_right = 30;
constexpr double label_row = 30, label_width = 250, label_rows_max = 12;
constexpr double exaggeration_max = 20;
constexpr double least_half = 2.5;  // of what is drawn to scale: a small pipe in a long section is seen all the same
constexpr double notes_height_max = 700;

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char letter : text) {
    if (letter == '<')
      safe += "&lt;";
    else if (letter == '>')
      safe += "&gt;";
    else if (letter == '&')
      safe += "&amp;";
    else if (letter == '"')
      safe += "&quot;";
    else if (static_cast<unsigned char>(letter) >= 0x20)
      safe += letter;
  }
  return safe;
}

/// 1, 2 or 5 times a power of ten, about a share of the span.
double step_for(double span, double count) {
  const double rough = span / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= rough) return power * factor;
  }
  return power * 10;
}

/// Draws one section.
class Drawing {
 public:
  Drawing(const Section& section, Language language) : section_(section), language_(language) { lay_out(); }

  std::string draw() {
    grid();
    ground();
    for (const SectionObject& object : section_.objects) thing(object);
    labels();
    notes();
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
               "height=\"{1:.0f}\" font-family=\"Noto Sans CJK KR, Noto Sans KR, sans-serif\" font-size=\"12\">"
               "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>",
               page_width, bottom_) +
           svg_ + "</svg>\n";
  }

 private:
  bool is_korean() const { return language_ == Language::korean; }
  double x(double station_m) const { return margin_left + station_m * scale_x_; }
  double y(double height_m) const { return plot_top_ + (top_m_ - height_m) * scale_y_; }

  double ground_at(double station_m) const {
    if (section_.ground.empty()) return 0;
    size_t i = 0;
    while (i + 1 < section_.ground.size() && section_.ground[i].first < station_m) ++i;
    return section_.ground[i].second;
  }

  void lay_out() {
    top_m_ = 0;
    double low_m = 0;
    if (!section_.ground.empty()) {
      top_m_ = low_m = section_.ground.front().second;
      for (const auto& [station, height] : section_.ground) {
        top_m_ = std::max(top_m_, height);
        low_m = std::min(low_m, height);
      }
    } else if (section_.is_above_ellipsoid) {
      top_m_ = low_m = first_height();
    }
    low_m -= section_.depth_m;
    for (const SectionObject& object : section_.objects) {
      if (std::isfinite(object.top_m)) top_m_ = std::max(top_m_, object.top_m);
      const double bottom = std::isfinite(object.bottom_m) ? object.bottom_m : object.top_m;
      if (std::isfinite(bottom)) low_m = std::min(low_m, bottom - 0.3);
    }
    if (section_.ground.empty() && section_.is_above_ellipsoid) top_m_ += 0.3;
    bottom_m_ = low_m;
    scale_x_ = (page_width - margin_left - margin_right) / section_.length_m;
    const double wanted = section_.length_m <= 60 ? 1 : std::min(exaggeration_max, section_.length_m / 60);
    scale_y_ = scale_x_ * wanted;
    // A page is not endless.
    scale_y_ = std::min(scale_y_, 900 / (top_m_ - bottom_m_));
    place_labels();
    plot_top_ = 60 + label_row * rows_;
    plot_bottom_ = plot_top_ + (top_m_ - bottom_m_) * scale_y_;
  }

  double first_height() const {
    for (const SectionObject& object : section_.objects) {
      if (std::isfinite(object.top_m)) return object.top_m;
    }
    return 0;
  }

  // Each label in the lowest row in which nothing is in its way.
  void place_labels() {
    std::vector<double> ends;
    for (const SectionObject& object : section_.objects) {
      const double at =
          std::clamp(x(std::clamp(object.station_m, 0.0, section_.length_m)), margin_left, page_width - label_width);
      size_t row = 0;
      while (row < ends.size() && ends[row] > at) ++row;
      if (row == ends.size() && row < label_rows_max) ends.push_back(0);
      if (row >= ends.size()) row = ends.size() - 1;
      ends[row] = at + label_width;
      label_places_.emplace_back(at, row);
    }
    rows_ = static_cast<double>(ends.size());
  }

  void grid() {
    svg_ += fmt::format("<text x=\"{}\" y=\"28\" font-size=\"18\" font-weight=\"bold\">{}</text>", margin_left,
                        is_korean() ? "지하 단면도" : "Section of the ground");
    const double ratio = scale_y_ / scale_x_;
    const std::string reference =
        section_.is_above_ellipsoid ? (is_korean() ? "높이: WGS 84 타원체 기준" : "heights above the WGS 84 ellipsoid")
                                    : (is_korean() ? "높이: 지표면 기준" : "heights from the ground");
    std::string scale = is_korean() ? "가로세로 같은 축척" : "same scale both ways";
    if (std::abs(ratio - 1) > 0.01) {
      scale = fmt::format(fmt::runtime(is_korean() ? "수직 {:.2g}배" : "heights drawn {:.2g} times"), ratio);
    }
    svg_ += fmt::format("<text x=\"{}\" y=\"46\" fill=\"#444444\">{:.1f} m · {} · {}</text>", margin_left,
                        section_.length_m, reference, scale);
    const double step_y = step_for(top_m_ - bottom_m_, 6);
    for (double height = std::ceil(bottom_m_ / step_y) * step_y; height <= top_m_ + 1e-9; height += step_y) {
      svg_ += fmt::format(
          "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.1f}\" y2=\"{2:.1f}\" stroke=\"#dddddd\"/>"
          "<text x=\"{3}\" y=\"{4:.1f}\" text-anchor=\"end\" fill=\"#444444\">{5:.4g} m</text>",
          margin_left, page_width - margin_right, y(height), margin_left - 6, y(height) + 4,
          std::abs(height) < 1e-9 ? 0.0 : height);
    }
    const double step_x = step_for(section_.length_m, 8);
    for (double station = 0; station <= section_.length_m + 1e-9; station += step_x) {
      svg_ += fmt::format(
          "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"#eeeeee\"/>"
          "<text x=\"{0:.1f}\" y=\"{3:.1f}\" text-anchor=\"middle\" fill=\"#444444\">{4:.4g} m</text>",
          x(station), plot_top_, plot_bottom_, plot_bottom_ + 16, station);
    }
  }

  void ground() {
    std::string points;
    if (section_.ground.empty()) {
      if (section_.is_above_ellipsoid) return;
      points = fmt::format("{:.1f},{:.1f} {:.1f},{:.1f}", x(0), y(0), x(section_.length_m), y(0));
    }
    for (const auto& [station, height] : section_.ground)
      points += fmt::format("{:.1f},{:.1f} ", x(station), y(height));
    svg_ += fmt::format(
        "<polyline class=\"ground\" points=\"{}\" fill=\"none\" stroke=\"#5b4a32\" stroke-width=\"2.5\"{}/>", points,
        section_.ground.empty() ? " stroke-dasharray=\"8 5\"" : "");
  }

  void thing(const SectionObject& object) {
    if (!std::isfinite(object.top_m)) return;
    const Buried& buried = object.object.buried;
    const std::string_view colour = colour_of(buried.network);
    const double left = x(object.from_m), right = x(object.to_m);
    const double upper = y(object.top_m);
    const bool has_size = std::isfinite(object.bottom_m);
    const double lower = has_size ? y(object.bottom_m) : upper;
    const std::string title = fmt::format("<title>{}</title>", escaped(named(object) + ": " + told(object)));
    const std::string style =
        fmt::format("fill=\"{0}\" fill-opacity=\"0.55\" stroke=\"{0}\" stroke-width=\"1.5\"", colour);
    const std::string id = escaped(buried.id);
    const double least_m =
        std::isfinite(object.object.depth_min_m) ? object.object.depth_max_m - object.object.depth_min_m : 0;
    const double off_m = least_m / 2 + (std::isfinite(buried.accuracy.vertical_m) ? buried.accuracy.vertical_m : 0);
    if (off_m > 0.01) {
      const double middle = (left + right) / 2;
      svg_ += fmt::format(
          "<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" stroke=\"{3}\" "
          "stroke-dasharray=\"3 2\"/>",
          middle, upper - off_m * scale_y_, lower + off_m * scale_y_, colour);
    }
    if (!has_size) {
      const double middle = (left + right) / 2;
      svg_ += fmt::format("<path data-id=\"{}\" d=\"M{:.1f} {:.1f}l5 5l-5 5l-5-5z\" {}>{}</path>", id, middle, upper,
                          style, title);
    } else if (std::isfinite(buried.diameter_m) && object.angle_deg >= 20) {
      svg_ +=
          fmt::format("<ellipse data-id=\"{}\" cx=\"{:.2f}\" cy=\"{:.2f}\" rx=\"{:.2f}\" ry=\"{:.2f}\" {}>{}</ellipse>",
                      id, (left + right) / 2, (upper + lower) / 2, std::max((right - left) / 2, least_half),
                      std::max((lower - upper) / 2, least_half), style, title);
    } else {
      svg_ +=
          fmt::format("<rect data-id=\"{}\" x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" {}>{}</rect>",
                      id, left, upper, std::max(right - left, 1.0), std::max(lower - upper, 1.0), style, title);
    }
  }

  void labels() {
    for (size_t i = 0; i < section_.objects.size(); ++i) {
      const SectionObject& object = section_.objects[i];
      const auto& [at, row] = label_places_[i];
      const double line_y = 74 + label_row * static_cast<double>(row);
      const double target = std::isfinite(object.top_m) ? y(object.top_m) : y(ground_at(object.station_m));
      const double station = x(std::clamp(object.station_m, 0.0, section_.length_m));
      svg_ += fmt::format(
          "<line x1=\"{0:.1f}\" x2=\"{1:.1f}\" y1=\"{2:.1f}\" y2=\"{3:.1f}\" stroke=\"{4}\" stroke-width=\"0.6\"/>"
          "<text x=\"{5:.1f}\" y=\"{6:.1f}\" font-weight=\"bold\" fill=\"{4}\">{7}</text>"
          "<text x=\"{5:.1f}\" y=\"{8:.1f}\" font-size=\"10\" fill=\"#333333\">{9}</text>",
          at, station, line_y + 2, target, colour_of(object.object.buried.network), at + 4, line_y - 2,
          escaped(cut(named(object), 34)), line_y + 10, escaped(cut(told(object), 44)));
      if (std::isfinite(object.top_m)) continue;
      // It lies somewhere below: nobody knows how deep.
      svg_ += fmt::format(
          "<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" font-weight=\"bold\" fill=\"{}\">?</text>", station,
          target + 14, colour_of(object.object.buried.network));
    }
  }

  std::string named(const SectionObject& object) const {
    const std::string name = own_name_of(object.object.buried, language_);
    return label_of(object.object.buried, language_) + (name.empty() ? "" : " " + name);
  }

  // Where heights count from the ellipsoid, the height of its top belongs to what is told.
  std::string told(const SectionObject& object) const {
    std::string text = detail_of(object.object, language_);
    if (section_.is_above_ellipsoid && std::isfinite(object.top_m)) {
      text += fmt::format(fmt::runtime(is_korean() ? ", 상단 {:.2f} m" : ", top at {:.2f} m"), object.top_m);
    }
    return text;
  }

  // By characters, not bytes; letters of Korean are twice as wide.
  static std::string cut(const std::string& text, double width_max) {
    double width = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      if ((byte & 0xC0) == 0x80) continue;
      width += byte >= 0xE0 ? 2 : 1;
      if (width > width_max) return text.substr(0, i) + "…";
    }
    return text;
  }

  void notes() {
    double line = plot_bottom_ + 44;
    const auto write = [&](const std::string& text) {
      svg_ += fmt::format("<text x=\"{}\" y=\"{:.1f}\" fill=\"#8a1c1c\">{}</text>", margin_left, line, escaped(text));
      line += 18;
    };
    for (const NotKnown& not_known : section_.not_known) write(sentence_of(not_known, language_));
    size_t left_out = 0;
    for (const SectionObject& object : section_.objects) {
      if (std::isfinite(object.top_m)) continue;
      if (line > plot_bottom_ + notes_height_max) {
        ++left_out;
        continue;
      }
      write(fmt::format(fmt::runtime(is_korean() ? "{:.1f} m: {} (깊이 모름, 그리지 않음)"
                                                 : "at {:.1f} m: {} (depth unknown, not drawn)"),
                        object.station_m, named(object)));
    }
    if (left_out > 0) {
      write(fmt::format(
          fmt::runtime(is_korean() ? "그 밖에 깊이를 모르는 시설물 {}개" : "and {} more of unknown depth"), left_out));
    }
    bottom_ = line + 6;
  }

  const Section& section_;
  Language language_;
  std::string svg_;
  double top_m_ = 0, bottom_m_ = 0, scale_x_ = 1, scale_y_ = 1;
  double plot_top_ = 0, plot_bottom_ = 0, bottom_ = 0, rows_ = 0;
  std::vector<std::pair<double, size_t>> label_places_;
};

}  // namespace

std::string section_svg(const Section& section, Language language) {
  return Drawing(section, language).draw();
}

}  // namespace cityloom::space
