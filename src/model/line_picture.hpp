// Small pictures of lines as SVG, for pages of validation.
#pragma once

#include <string>
#include <vector>

namespace cityloom::model {

/// One line of a picture; not finite points are left out.
struct PictureLine {
  std::string name;
  std::string colour;  ///< as CSS names it: "#1f6feb"
  std::vector<double> x, y;
  bool is_dots = false;
};

/// A whole SVG document of 640 x 240 with both axes' ends written out. Names must hold no markup.
std::string line_picture(const std::string& title, const std::vector<PictureLine>& lines);

}  // namespace cityloom::model
