// What a kernel is held against: a published answer, ours, and how far they lie apart.
#pragma once

#include <string>
#include <vector>

namespace cityloom::model {

/// One answer that others have published, beside ours.
struct ValidationCase {
  std::string name;      ///< of the case: "dam break on a wet bed"
  std::string quantity;  ///< "depth behind the shock"
  std::string source;    ///< the publication that gives the answer
  std::string unit;      ///< of both answers; "" where they have none
  double published = 0;
  double ours = 0;
  double error = 0;      ///< as the case measures it: never below 0
  double error_max = 0;  ///< what is promised
  std::string error_unit;
  std::string picture_svg;  ///< a whole SVG document, or empty

  /// Whether the promise is kept.
  bool holds() const { return error <= error_max; }
};

/// Computes all cases of a kernel, within seconds.
using Validation = std::vector<ValidationCase>;

}  // namespace cityloom::model
