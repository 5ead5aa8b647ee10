"""The embedded OCR engine: documents to the answers that Textract AnalyzeExpense would give.

Needs the extra [ocr] for pixels; a PDF with a text layer is read without it.
"""

from sapmatch.ocr.expense import analyze_expense, expense_documents
from sapmatch.ocr.pages import count_pages, media

__all__ = ["analyze_expense", "count_pages", "expense_documents", "media"]
