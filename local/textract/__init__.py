"""A stand-in for Textract AnalyzeExpense: AWS JSON 1.1 over the embedded OCR engine."""
