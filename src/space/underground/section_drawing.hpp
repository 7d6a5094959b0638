// A section of the ground as a drawing.
#pragma once

#include <string>

#include "space/underground/underground_words.hpp"

namespace cityloom::space {

/// An SVG document, self-contained, 1200 units wide: the ground, what lies below it to scale (the same scale both ways
/// up to 60 m of length; beyond, heights are drawn larger, and it says how much), labels, a scale, and in words what is
/// not known. Text of entities is escaped.
std::string section_svg(const Section& section, Language language);

}  // namespace cityloom::space
