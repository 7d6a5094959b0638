// Small building models as text, for tests.
#pragma once

#include <string>
#include <string_view>

namespace cityloom::space::testing {

/// A whole file around data lines. Instances 1 to 9 are taken: #1 the project, #2 its units (metres, radians; the text
/// may name others), #3 a context, #4 an axis placement at the origin, #5 its point.
inline std::string ifc_file(std::string_view data, std::string_view schema = "IFC4",
                            std::string_view length_unit = "#6=IFCSIUNIT(*,.LENGTHUNIT.,$,.METRE.);") {
  std::string text = "ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\nFILE_NAME('','',(''),(''),'','','');\n";
  text += "FILE_SCHEMA(('" + std::string(schema) + "'));\nENDSEC;\nDATA;\n";
  text += "#1=IFCPROJECT('0000000000000000000001',$,'Project',$,$,$,$,(#3),#2);\n#2=IFCUNITASSIGNMENT((#6,#7));\n";
  text += "#3=IFCGEOMETRICREPRESENTATIONCONTEXT($,'Model',3,1.E-5,#4,$);\n#4=IFCAXIS2PLACEMENT3D(#5,$,$);\n";
  text += "#5=IFCCARTESIANPOINT((0.,0.,0.));\n" + std::string(length_unit) + "\n";
  text += "#7=IFCSIUNIT(*,.PLANEANGLEUNIT.,$,.RADIAN.);\n";
  text += std::string(data) + "\nENDSEC;\nEND-ISO-10303-21;\n";
  return text;
}

}  // namespace cityloom::space::testing
