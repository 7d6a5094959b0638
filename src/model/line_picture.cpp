#include "model/line_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

namespace cityloom::model {
namespace {

struct Range {
  double least = std::numeric_limits<double>::infinity(), most = -least;

  void take(double value) {
    if (!std::isfinite(value)) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  double part(double value) const { return most > least ? (value - least) / (most - least) : 0.5; }
};

}  // namespace

std::string line_picture(const std::string& title, const std::vector<PictureLine>& lines) {
  constexpr double left = 60, right = 620, top = 30, bottom = 205;
  Range across, up;
  for (const PictureLine& line : lines) {
    for (const double x : line.x) across.take(x);
    for (const double y : line.y) up.take(y);
  }
  std::string svg;
  const auto out = std::back_inserter(svg);
  fmt::format_to(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 640 240\" font-family=\"sans-serif\" "
                 "font-size=\"11\"><rect width=\"640\" height=\"240\" fill=\"#fff\"/><text x=\"{}\" y=\"18\" "
                 "font-size=\"13\">{}</text><path d=\"M{} {}V{}H{}\" fill=\"none\" stroke=\"#999\"/>",
                 left, title, left, top, bottom, right);
  fmt::format_to(out, "<text x=\"{}\" y=\"{}\">{:.4g}</text><text x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.4g}</text>",
                 left, bottom + 14, across.least, right, bottom + 14, across.most);
  fmt::format_to(out,
                 "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.4g}</text>"
                 "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{:.4g}</text>",
                 left - 4, bottom, up.least, left - 4, top + 8, up.most);
  double legend = left;
  for (const PictureLine& line : lines) {
    std::string path;
    for (size_t i = 0; i < std::min(line.x.size(), line.y.size()); ++i) {
      if (!std::isfinite(line.x[i]) || !std::isfinite(line.y[i])) continue;
      const double x = left + (right - left) * across.part(line.x[i]);
      const double y = bottom - (bottom - top - 5) * up.part(line.y[i]);
      if (line.is_dots) {
        fmt::format_to(out, "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"/>", x, y, line.colour);
      } else {
        fmt::format_to(std::back_inserter(path), "{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', x, y);
      }
    }
    if (!path.empty())
      fmt::format_to(out, "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"1.5\"/>", path, line.colour);
    fmt::format_to(out, "<text x=\"{}\" y=\"234\" fill=\"{}\">{}</text>", legend, line.colour, line.name);
    legend += 20 + 6.5 * static_cast<double>(line.name.size());
  }
  return svg + "</svg>\n";
}

}  // namespace cityloom::model
